"""What happens while a cached value is missing."""

import asyncio
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from studium.core.errors import EngineUnavailableError
from studium.runtime.caching import cached, forget
from studium.runtime.engines import Engines

NUMBER = TypeAdapter(int)


class Shelf:
    """Somewhere slow that values are loaded from."""

    def __init__(self) -> None:
        self.loads = 0
        self.open = asyncio.Event()
        self.broken = False

    async def load(self) -> int:
        self.loads += 1
        await self.open.wait()
        if self.broken:
            raise EngineUnavailableError("It fell.")
        return self.loads


async def test_who_comes_during_a_load_waits_for_the_same_one(engines: Engines) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    asked = [asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load)) for _ in range(50)]
    await asyncio.sleep(0.2)
    asked[0].cancel()  # the one that began it gives up
    shelf.open.set()
    assert await asyncio.gather(*asked[1:]) == [1] * 49
    assert shelf.loads == 1
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 1
    await forget(engines.cache, key)
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 2


async def test_a_load_that_fails_is_told_to_all_and_tried_again(engines: Engines) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    shelf.broken = True
    asked = [asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load)) for _ in range(5)]
    await asyncio.sleep(0.2)
    shelf.open.set()
    for each in asked:
        with pytest.raises(EngineUnavailableError):
            await each
    shelf.broken = False
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 2


async def test_what_changed_during_a_load_is_not_kept(engines: Engines) -> None:
    """And whoever asks after the change does not wait for the load that began before it."""
    shelf, key = Shelf(), f"test:{uuid4()}"
    before = asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load))
    await asyncio.sleep(0.2)
    await forget(engines.cache, key)
    after = asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load))
    await asyncio.sleep(0.2)
    assert shelf.loads == 2
    shelf.open.set()
    await asyncio.gather(before, after)
    shelf.loads = 7
    assert await cached(engines.cache, key, NUMBER, shelf.load) == await after
