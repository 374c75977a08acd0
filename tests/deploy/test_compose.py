"""deploy/compose.yaml against the Compose Specification's schema, and the settings, commands and
services of this version. No container runs here: what only one would show is not proven.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from studium import bootstrap
from studium.adapters.broker import open_broker
from studium.adapters.objects import open_objects
from studium.commands.cli import app
from studium.commands.process import EVERY_GROUP
from studium.gateway.table import upstreams
from studium.settings import Settings
from tests.conftest import ROOT
from tests.deploy.dockerfile import stages

FOLDER = ROOT / "deploy"
SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
TEXT = (FOLDER / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
CONTAINERS: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in CONTAINERS.items() if each["image"].startswith("studium:")}
ONCE = {"migrate", "bucket"}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::([-?])([^}]*))?\}")
EXAMPLE = dict(
    line.split("=", 1)
    for line in (FOLDER / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
)


def filled(text: str) -> str:
    """As Compose reads it, with a word for each password."""
    return VARIABLE.sub(lambda match: EXAMPLE[match[1]] or match[1].lower().replace("_", ""), text)


def test_it_keeps_to_the_specifications_schema() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)


def test_the_schema_would_see_a_mistake() -> None:
    wrong = {**COMPOSE, "services": {"kong": {**CONTAINERS["kong"], "read_onyl": True}}}
    with pytest.raises(jsonschema.ValidationError, match="read_onyl"):
        jsonschema.validate(wrong, SCHEMA)


def test_each_service_and_each_group_has_its_container() -> None:
    commands = {name: each["command"] for name, each in OURS.items()}
    assert commands == {
        "migrate": ["migrate"],
        "studium-relay": ["run", "relay"],
        **{f"studium-{name}": ["run", name] for name in bootstrap.SERVICES},
        **{f"studium-work-{name}": ["work", name] for name in EVERY_GROUP},
    }
    known = get_command(app).commands  # type: ignore[attr-defined]
    assert {command[0] for command in commands.values()} <= set(known)


def test_the_gateway_finds_its_services_and_waits_for_them() -> None:
    told = {
        address.host: address.port
        for places in upstreams(bootstrap.SERVICES).values()
        for address in places
    }
    (port,) = stages()["studium"].of("EXPOSE")
    assert all(host in CONTAINERS and told[host] == int(port) for host in told)
    assert set(CONTAINERS["kong"]["depends_on"]) == set(told)


def test_only_the_gateway_is_published_and_only_it_sees_both_sides() -> None:
    assert [name for name, each in CONTAINERS.items() if "ports" in each] == ["kong"]
    open_networks = {name for name, each in COMPOSE["networks"].items() if not each.get("internal")}
    reaching_out = {
        name for name, each in CONTAINERS.items() if open_networks & set(each["networks"])
    }
    assert reaching_out == {"kong", "studium-work-notes"}
    assert "engines" not in CONTAINERS["kong"]["networks"]


def test_every_container_is_hardened() -> None:
    for name, each in CONTAINERS.items():
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each.get("read_only") or name == "kafka", name
        assert re.search(r":[\w.-]*\d", each["image"]), f"{name}: pin {each['image']}"


def test_every_container_says_how_it_is_and_waits_for_what_does() -> None:
    for name, each in CONTAINERS.items():
        assert name in ONCE or each["healthcheck"]["test"], name
        for other, wish in each.get("depends_on", {}).items():
            once = other in ONCE
            expected = "service_completed_successfully" if once else "service_healthy"
            assert wish["condition"] == expected, (name, other)
            assert other in CONTAINERS


def test_every_variable_has_its_line_in_the_example() -> None:
    used = {match[1] for match in VARIABLE.finditer(TEXT)}
    assert used == set(EXAMPLE)
    required = {match[1] for match in VARIABLE.finditer(TEXT) if match[2] == "?"}
    secret = {name for name in EXAMPLE if name.endswith(("PASSWORD", "SECRET_KEY"))}
    assert secret - required == {"CLICKHOUSE_PASSWORD"}
    assert not [name for name in secret if EXAMPLE[name]], "a password in the example is in use"


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_it_is_told_are_settings_that_are_understood(name: str) -> None:
    told = OURS[name]["environment"]
    assert set(told) <= {f"STUDIUM_{each.upper()}" for each in Settings.model_fields}
    given = {each.removeprefix("STUDIUM_").lower(): filled(told[each]) for each in told}
    Settings.model_validate({each: value for each, value in given.items() if value})


async def test_its_urls_open_the_engines_that_they_name() -> None:
    told = {name: filled(value) for name, value in COMPOSE["x-settings"].items()}
    for url in (told["STUDIUM_OBJECTS"], told["STUDIUM_BROKER"], told["STUDIUM_REDIS"]):
        host = re.search(r"(?:@|://|endpoint=http://)(redis|kafka|objects):\d+", url)
        assert host is not None, url
        assert host[1] in CONTAINERS
    await open_objects(told["STUDIUM_OBJECTS"]).close()
    for url in (told["STUDIUM_BROKER"], told["STUDIUM_REDIS"]):
        await open_broker(url).close()


def test_a_database_owner_s_password_is_the_migration_s_alone() -> None:
    for name, each in OURS.items():
        owner = [value for value in each["environment"].values() if "studium_owner" in value]
        system = [value for value in each["environment"].values() if "studium_system" in value]
        assert bool(owner) is (name == "migrate"), name
        assert bool(system) is (name == "studium-relay"), name


def test_files_that_it_mounts_are_there_or_are_secrets() -> None:
    mounted = [
        volume.split(":")[0]
        for each in CONTAINERS.values()
        for volume in each.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted
    for path in mounted:
        assert path.startswith("./secrets/") or (FOLDER / path).is_file(), path
    script = FOLDER / "compose" / "postgres-init.sh"
    assert script.stat().st_mode & 0o111, "the image runs what is executable, and else reads it in"
