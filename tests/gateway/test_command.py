"""`studium gateway render`, as an operator calls it."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from studium.commands.cli import app
from studium.runtime.tokens import open_signing_key


def said(*arguments: str) -> str:
    answer = CliRunner().invoke(app, ["gateway", "render", *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_envoy_is_told_the_replicas_the_port_and_the_proxies_in_front() -> None:
    told = ("--replicas", "notes=10.0.0.1:80,10.0.0.2:80", "--port", "443", "--trusted-hops", "1")
    config = yaml.safe_load(said("envoy", *told))["static_resources"]
    listener = config["listeners"][0]
    assert listener["address"]["socket_address"]["port_value"] == 443
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["xff_num_trusted_hops"] == 1
    (notes,) = (each for each in config["clusters"] if each["name"] == "notes")
    assert len(notes["load_assignment"]["endpoints"][0]["lb_endpoints"]) == 2


def test_kong_is_given_the_public_half_of_a_key_and_never_the_other(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = open_signing_key(path)
    told = said("kong", "--key", str(path))
    assert key.public.id in told
    assert "PRIVATE" not in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["nginx"], "choose envoy or kong"), (["envoy", "--replicas", "x=1.1.1.1:1"], "no service")],
)
def test_what_it_does_not_know_is_named(arguments: list[str], says: str) -> None:
    answer = CliRunner().invoke(app, ["gateway", "render", *arguments])
    assert answer.exit_code == 2
    assert says in " ".join(answer.output.replace("│", " ").split())
