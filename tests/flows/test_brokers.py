"""The acceptance flow, in separate processes, on each broker."""

from pathlib import Path

import pytest

from studium.settings import Settings
from tests.flows.test_separate_processes import through_processes
from tests.ports.brokers import BROKERS

OTHERS = [name for name in BROKERS if name != "redis-streams"]


@pytest.mark.parametrize("name", OTHERS)
async def test_a_book_goes_in_and_cited_notes_come_out(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    """On Redis Streams `test_separate_processes.py` does the same."""
    async with BROKERS[name](tmp_path) as broker:
        await through_processes(settings.model_copy(update={"broker": broker.url}), tmp_path)
