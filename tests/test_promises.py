"""What the promises name exists: files, and tests inside them."""

import ast
import re

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text()
ROWS = [
    row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| promise")
]
NAMED = sorted(set(re.findall(r"`([\w./-]+\.\w+(?:::\w+)?|Makefile|\.ci/run)`", "\n".join(ROWS))))
STATES = {"true", "open", "not proven here"}


def test_every_promise_has_a_state_and_something_that_shows_it() -> None:
    for row in ROWS:
        _, promise, shown, _, state, _ = (cell.strip() for cell in row.split("|"))
        assert state in STATES, promise
        assert "`" in shown or state != "true", promise


@pytest.mark.parametrize("name", NAMED)
def test_what_a_promise_names_exists(name: str) -> None:
    path, _, test = name.partition("::")
    if not (ROOT / path).exists():
        assert path.startswith("/") or "/" not in path, f"{path} does not exist"
        return
    if test:
        tree = ast.parse((ROOT / path).read_text())
        functions = ast.FunctionDef | ast.AsyncFunctionDef
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, functions)}
