"""What the promises name exists: files, and tests inside them."""

import re

import pytest

from tests.conftest import ROOT
from tests.named import exists

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
    path, _, _ = name.partition("::")
    # What begins with a slash, or is one word, is no file of ours but is spoken of.
    assert exists(name) or path.startswith("/") or "/" not in path, f"{name} does not exist"
