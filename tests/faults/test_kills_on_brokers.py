"""The kill run on the brokers of large sites, each of which also loses all that it holds."""

from pathlib import Path

import pytest

from tests.conftest import opened
from tests.faults import kills
from tests.faults.world import World
from tests.ports.brokers import BROKERS

KILLS = 60
OTHERS = [name for name in BROKERS if name != "redis-streams"]
"""Redis Streams are killed in `test_kills.py`."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", OTHERS)
async def test_sixty_kills_change_nothing(name: str, tmp_path: Path) -> None:
    async with BROKERS[name](tmp_path) as broker:
        folder = opened(tmp_path) / "world"
        folder.mkdir(mode=0o711)
        world = World(folder, wishes={"broker": broker.url}, others={"broker": broker.wipe})
        outcome = await kills.run(folder, KILLS, seed=2026, world=world)
    assert not outcome.findings
    assert sum(outcome.kills.values()) >= KILLS
    assert outcome.kills["broker"] > 0
    assert outcome.books > 5
    assert outcome.notifications == 2 * outcome.books
