"""Schemathesis asks every route of a running Studium whatever its description allows, and much that
it does not.

A case is a request with its answer, checked by every check that Schemathesis has. `hooks.py` counts
the answers by operation and status as they come; requests that a check sends beside, to see whether
a route believes a missing token, are not counted. Limits of rate are off: they would answer 429.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import NO_LIMITS, ROOT, opened, started
from tests.security.world import furnish

CASES = 20_000
FAIR = 250
"""Cases of an operation that takes something; what takes nothing has hardly anything to vary."""
SELDOM = 4
ASKED_ELSEWHERE = {
    # A small book is processed for a moment only, so whether one is met is chance.
    "POST /v1/materials/{material_id}/cancel": "tests/security/matrix.py",
    # A refresh cookie is good once, and a book can be deleted once: both are met by chance.
    "POST /v1/auth/refresh": "tests/services/auth/test_sessions.py",
    "DELETE /v1/materials/{material_id}": "tests/security/matrix.py",
    # A chunk counts at one offset of its upload, and that is met by chance.
    "PATCH /v1/uploads/{upload_id}": "tests/services/library/test_resumable.py",
    # Its ticket ends after five minutes, which may be before it is asked for.
    "GET /v1/downloads/{ticket}": "tests/services/library/test_materials.py",
    # It would end the session that asks.
    "PUT /v1/auth/password": "tests/services/auth/test_passwords.py",
}
"""Where their success is shown."""
Answers = dict[str, Counter[int]]


@pytest.mark.timeout(3000)
def test_every_route_keeps_to_its_description(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = opened(tmp_path_factory.mktemp("schema"))
    with started(folder, **NO_LIMITS) as url:
        ask_everything(folder, url)
    assert "http.unexpected" not in (folder / "log").read_text()
    answers = counted(folder)
    statuses: Counter[int] = sum(answers.values(), Counter())
    assert statuses.total() >= CASES
    assert max(statuses) < 500
    for operation, takes in operations(folder / "openapi.json").items():
        assert answers[operation].total() >= (FAIR if takes else SELDOM), operation
        succeeded = any(status < 300 for status in answers[operation])
        assert succeeded or operation in ASKED_ELSEWHERE, f"{operation}: {answers[operation]}"


def ask_everything(folder: Path, url: str) -> None:
    """In two processes, each in a school of its own; cases of `coverage` are always the same."""
    runs = {"1": "examples,coverage,fuzzing,stateful", "2": "fuzzing,stateful"}
    running = {seed: start(folder, url, seed, phases) for seed, phases in runs.items()}
    try:
        ended = {seed: process.wait() for seed, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
    for seed, code in ended.items():
        assert code == 0, (folder / f"{seed}.out").read_text()[-8000:]


def start(folder: Path, url: str, seed: str, phases: str) -> "subprocess.Popen[bytes]":
    world = folder / f"{seed}.world"
    world.write_text(json.dumps(furnish(url, folder, f"school{seed}")))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.security.hooks",
        "SCHEMA_WORLD": str(world),
        "SCHEMA_COUNTS": str(folder / f"{seed}.counts"),
    }
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
        *("run", f"{url}/v1/openapi.json", "--no-color", "--seed", seed, "--phases", phases),
    ]
    with (folder / f"{seed}.out").open("wb") as out:
        return subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)


def counted(folder: Path) -> Answers:
    answers: Answers = {}
    for file in folder.glob("*.counts"):
        for name, number in json.loads(file.read_text()).items():
            operation, _, status = name.rpartition(" ")
            answers.setdefault(operation, Counter())[int(status)] += number
    return answers


def operations(description: Path) -> dict[str, bool]:
    """Each with whether it takes parameters or a body."""
    paths = json.loads(description.read_text())["paths"]
    return {
        f"{method.upper()} {path}": bool({"parameters", "requestBody"} & operation.keys())
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
