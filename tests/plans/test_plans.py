"""No hot query reads a table from end to end, and none changes its plan unseen."""

from collections.abc import AsyncIterator
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.plans.explain import Explained
from tests.plans.world import ACCOUNTS, believing, explained, shortened, written

SAVED = Path(__file__).with_name("plans.txt")
SMALL: frozenset[str] = frozenset()
"""Tables that may be read whole, because they do not grow."""


@pytest.fixture(scope="module")
async def plans() -> AsyncIterator[Explained]:
    async with believing() as settings:
        yield await explained(settings, ACCOUNTS)


def test_no_hot_query_reads_a_table_that_grows_from_end_to_end(plans: Explained) -> None:
    reading = [
        f"{call}: {table}: {shortened(statement)}"
        for call, statements in plans.plans.items()
        for statement, found in statements.items()
        for table in sorted(frozenset().union(*(plan.scanned for plan in found)) - SMALL)
    ]
    assert not reading


def test_every_hot_query_keeps_its_plan(plans: Explained) -> None:
    now, then = written(plans), SAVED.read_text()
    changed = unified_diff(then.splitlines(), now.splitlines(), "saved", "now", lineterm="", n=4)
    shown = "\n".join(changed)
    assert now == then, f"PYTHONPATH=. python -m tests.plans saves them anew:\n{shown}"
