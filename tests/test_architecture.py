"""The rules of the house that no linter knows. DESIGN: ARCHITECTURE.md shows them as a picture."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from studium import bootstrap
from studium.core.event import Event

SRC = Path(bootstrap.__file__).parent
ROOT = SRC.parents[1]
PYTHON = sorted(
    path
    for folder in ("src", "tests", "bench", "scripts", "migrations")
    for path in (ROOT / folder).rglob("*.py")
)
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 50

FIXED_NAMES = {
    "contract.py",
    "events.py",
    "service.py",
    "models.py",
    "queries.py",
    "routes.py",
    "handlers.py",
    "wiring.py",
    "__init__.py",
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_files_are_small() -> None:
    long = {str(p): n for p in PYTHON if (n := len(p.read_text().splitlines())) > MAX_FILE_LINES}
    assert not long


def test_functions_are_small() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": length
        for path in PYTHON
        if path.is_relative_to(SRC)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert not long


def test_init_files_of_services_are_empty() -> None:
    assert not [p for p in (SRC / "services").rglob("__init__.py") if p.read_text().strip()]


@pytest.mark.parametrize("service", sorted(bootstrap.SERVICES))
def test_a_service_has_the_fixed_files_and_lists_its_own(service: str) -> None:
    folder = SRC / "services" / service
    files = {path.name for path in folder.glob("*.py")}
    assert {"wiring.py", "service.py", "contract.py"} <= files
    table = ast.get_docstring(ast.parse((folder / "service.py").read_text())) or ""
    unlisted = {name for name in files - FIXED_NAMES if name not in table}
    assert not unlisted, f"name them in the docstring table of services/{service}/service.py"


def test_only_routes_and_wiring_of_services_know_fastapi() -> None:
    knowing = {
        str(path.relative_to(SRC))
        for path in (SRC / "services").rglob("*.py")
        if any(name.split(".")[0] in {"fastapi", "starlette"} for name in imports_of(path))
    }
    assert {Path(path).name for path in knowing} <= {"routes.py", "wiring.py"}


def test_only_the_transaction_commits() -> None:
    committing = {
        str(path.relative_to(SRC))
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback", "begin"}
    }
    offsets = {f"adapters/broker/kafka_{each}.py" for each in ("consumer", "records")}
    databases = {"runtime/database.py", "runtime/migrations.py", *_engines_own_sql()}
    assert committing <= databases | offsets


def _engines_own_sql() -> set[str]:
    """The vectors adapter and the launcher speak to PostgreSQL as an engine."""
    return {
        str(path.relative_to(SRC))
        for folder in ("adapters/vectors", "adapters/embedded")
        for path in (SRC / folder).rglob("*.py")
    }


def test_only_settings_reads_the_environment() -> None:
    reading = {
        str(path.relative_to(SRC))
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert reading <= {"settings.py"}


def test_every_event_has_a_consumer() -> None:
    events = set(_leaves(Event))
    assert {event.type_name() for event in events} == set(bootstrap.subscriptions())


def _leaves(kind: type[Event]) -> Iterator[type[Event]]:
    """The events that are sent: classes nothing inherits from, of our own package."""
    below = [each for each in kind.__subclasses__() if each.__module__.startswith("studium.")]
    if not below and kind is not Event:
        yield kind
    for each in below:
        yield from _leaves(each)
