"""The kill run on the brokers of large sites, each of which also loses all that it holds; on one of
them the files are in S3.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import opened
from tests.faults import kills
from tests.faults.checker import Stored
from tests.faults.world import World
from tests.ports.brokers import BROKERS
from tests.ports.s3 import s3, stored

KILLS = 60
FILES = {"kafka": "folder", "rabbitmq": "s3"}
"""Broker → where the files are. Redis Streams and a folder are killed in `test_kills.py`."""


@contextmanager
def files(kind: str) -> Iterator[tuple[dict[str, Any], Stored | None]]:
    """More of a `World`'s wishes, and how its files are read."""
    if kind == "folder":
        yield {}, None
        return
    with s3() as url:
        yield {"objects": url}, stored(url)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FILES)
async def test_sixty_kills_change_nothing(name: str, tmp_path: Path) -> None:
    folder = opened(tmp_path) / "world"
    folder.mkdir(mode=0o711)
    async with BROKERS[name](tmp_path) as broker:
        with files(FILES[name]) as (more, reader):
            wishes = {"broker": broker.url, **more}
            world = World(folder, wishes=wishes, others={"broker": broker.wipe}, stored=reader)
            outcome = await kills.run(folder, KILLS, seed=2026, world=world)
    assert not outcome.findings
    assert sum(outcome.kills.values()) >= KILLS
    assert outcome.kills["broker"] > 0
    assert outcome.books > 5
    assert outcome.notifications == 2 * outcome.books
