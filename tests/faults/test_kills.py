"""Everything is killed at random, and nothing is lost, doubled, stuck or different."""

from pathlib import Path

import pytest

from tests.conftest import opened
from tests.faults import kills

KILLS = 150


@pytest.mark.timeout(1200)
async def test_a_hundred_and_fifty_kills_change_nothing(tmp_path: Path) -> None:
    """Web, relay, workers, extraction children, Valkey, PostgreSQL; and workers that freeze until
    their lease has run out. `make faults` does a thousand.
    """
    outcome = await kills.run(opened(tmp_path), KILLS, seed=2026)
    assert not outcome.findings
    assert sum(outcome.kills.values()) >= KILLS
    assert all(outcome.kills[victim] for victim in ("postgres", "valkey", "relay", "reader"))
    assert outcome.books > 10
    assert outcome.notifications == 2 * outcome.books
