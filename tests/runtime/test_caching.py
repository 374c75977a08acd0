"""What happens while a cached value is missing."""

import asyncio
import sys
from functools import partial
from uuid import uuid4

import pytest
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from studium.adapters.cache import open_cache
from studium.core.errors import EngineUnavailableError
from studium.runtime import caching
from studium.runtime.caching import PREFIX, cached, cached_json, forget
from studium.runtime.engines import Engines

NUMBER = TypeAdapter(int)
PATIENCE = 30


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


async def test_what_changed_elsewhere_during_a_load_is_not_kept(
    engines: Engines, valkey_url: str
) -> None:
    """Another process commits and forgets while this one loads what was there before."""
    shelf, key = Shelf(), f"test:{uuid4()}"
    other = open_cache(valkey_url, PREFIX)
    before = asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load))
    await asyncio.sleep(0.2)
    await forget(other, key)
    shelf.open.set()
    assert await before == 1
    assert await cached(other, key, NUMBER, shelf.load) == 2
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 2
    await other.close()


async def test_a_value_that_is_old_is_given_out_once_more_while_it_is_loaded_anew(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    shelf.open.set()
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 1
    monkeypatch.setattr(caching, "FRESH_SECONDS", 60)
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 1
    async with asyncio.timeout(PATIENCE):
        while await cached(engines.cache, key, NUMBER, shelf.load) == 1:  # noqa: ASYNC110 - nobody waits for it
            await asyncio.sleep(0.01)
    assert shelf.loads == 2


async def test_a_refresh_that_fails_is_written_down_and_the_old_value_stays(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    shelf.open.set()
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 1
    shelf.broken = True
    with capture_logs() as logs:
        for _ in range(2):
            assert await cached(engines.cache, key, NUMBER, shelf.load) == 1
            await asyncio.sleep(0.2)
    assert {each["event"] for each in logs} == {"cache.not_refreshed"}


async def test_a_load_whose_process_ended_is_not_waited_for_long(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    shelf.open.set()
    monkeypatch.setattr(caching, "CLAIM_SECONDS", 1)
    assert await engines.cache.claim(PREFIX + key, 60)  # by somebody who does no more
    assert await cached(engines.cache, key, NUMBER, shelf.load) == 1


async def test_a_load_that_fails_elsewhere_is_taken_over(engines: Engines, valkey_url: str) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    other, broken = open_cache(valkey_url, PREFIX), Shelf()
    broken.broken = True
    failing = asyncio.create_task(cached(other, key, NUMBER, broken.load))
    await asyncio.sleep(0.2)
    shelf.open.set()
    waiting = asyncio.create_task(cached(engines.cache, key, NUMBER, shelf.load))
    await asyncio.sleep(0.2)
    assert shelf.loads == 0
    broken.open.set()
    with pytest.raises(EngineUnavailableError):
        await failing
    assert await waiting == 1
    assert await cached(other, key, NUMBER, broken.load) == 1  # it was kept
    await other.close()


async def test_who_may_not_load_a_value_is_refused_alone(engines: Engines) -> None:
    """A stranger asks first, and a member while that load runs."""
    shelf, refusing, key = Shelf(), Shelf(), f"test:{uuid4()}"
    refusing.broken = True
    ask = partial(cached_json, engines.cache, key, NUMBER)
    stranger = asyncio.create_task(ask(refusing.load, loader="stranger"))
    await asyncio.sleep(0.2)
    member = asyncio.create_task(ask(shelf.load, loader="member"))
    await asyncio.sleep(0.2)
    refusing.open.set()
    shelf.open.set()
    with pytest.raises(EngineUnavailableError):
        await stranger
    assert await member == b"1"


async def test_what_is_changing_is_kept_for_a_moment(engines: Engines) -> None:
    shelf, key = Shelf(), f"test:{uuid4()}"
    shelf.open.set()
    ask = partial(cached_json, engines.cache, key, NUMBER, shelf.load, lambda number: number == 1)
    assert [await ask() for _ in range(3)] == [b"1"] * 3
    async with asyncio.timeout(PATIENCE):
        while await ask() == b"1":  # noqa: ASYNC110 - until its moment is over
            await asyncio.sleep(0.05)
    assert [await ask() for _ in range(3)] == [b"2"] * 3
    assert shelf.loads == 2


async def test_a_thousand_misses_in_each_of_four_processes_are_one_load(valkey_url: str) -> None:
    key = f"test:{uuid4()}"
    members = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MEMBER, valkey_url, key),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for each in members:
        assert each.stdout
        assert await each.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(each.communicate(b"go\n") for each in members))
    assert sorted(out for out, _ in told) == [
        *[b"0 loads, 1000 times 7\n"] * 3,
        b"1 loads, 1000 times 7\n",
    ]


MEMBER = """
import asyncio, sys
from pydantic import TypeAdapter
from studium.adapters.cache import open_cache, redis
from studium.runtime.caching import PREFIX, cached

redis.TIMEOUT_SECONDS = 30  # four processes that begin at once are slow, and not without a cache
loads = 0

async def load():
    global loads
    loads += 1
    await asyncio.sleep(0.5)
    return 7

async def main(url, key):
    cache = open_cache(url, PREFIX)
    await cache.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    asked = [cached(cache, key, TypeAdapter(int), load) for _ in range(1000)]
    got = await asyncio.gather(*asked)
    print(f"{loads} loads, {got.count(7)} times 7", flush=True)
    await cache.close()

asyncio.run(main(*sys.argv[1:]))
"""
