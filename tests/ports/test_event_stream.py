"""What Studium needs of an event stream, on each broker: each record is taken at least once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from studium.adapters.broker import batching, open_event_stream, redis_records
from studium.core.errors import EngineUnavailableError
from studium.core.ports import EventStream
from tests.ports.brokers import BROKERS, BrokerEngine
from tests.ports.private_valkey import PrivateValkey

PATIENCE = 60
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=BROKERS)
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrokerEngine]:
    async with BROKERS[request.param](tmp_path_factory.mktemp("stream")) as engine:
        yield engine


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for what never ends."""
    monkeypatch.setattr(batching, "FINISH_SECONDS", 0.2)
    monkeypatch.setattr(redis_records, "IDLE_MS", 1000)
    monkeypatch.setattr(redis_records, "CLAIM_SECONDS", 0.2)


@pytest.fixture
async def stream(engine: BrokerEngine) -> AsyncIterator[EventStream]:
    opened = open_event_stream(engine.url)
    yield opened
    await opened.close()


class Taker:
    """Remembers the records of the batches that it returned from."""

    def __init__(self, failures: int = 0) -> None:
        self.given: list[bytes] = []
        self.taken: list[bytes] = []
        self._failures = failures
        self._news = asyncio.Event()

    async def __call__(self, records: Sequence[bytes]) -> None:
        self.given += records
        if self._failures:
            self._failures -= 1
            raise RuntimeError("the warehouse is away")
        self.taken += records
        self._news.set()

    async def has(self, records: Sequence[bytes]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not set(records) <= set(self.taken):
                await self._news.wait()
                self._news.clear()


async def append(stream: EventStream, group: str, number: int) -> list[bytes]:
    records = [uuid4().hex.encode() for _ in range(number)]
    await stream.append(group, records)
    return records


async def test_what_was_appended_before_anybody_listened_is_taken(
    stream: EventStream, group: str
) -> None:
    taker = Taker()
    records = await append(stream, group, 700)  # more than a batch
    async with stream.consume(group, taker):
        await taker.has(records)
        more = await append(stream, group, 1)
        await taker.has(more)
    assert sorted(taker.taken) == sorted(records + more)


async def test_what_was_taken_is_not_given_to_the_next(stream: EventStream, group: str) -> None:
    one, other = Taker(), Taker()
    async with stream.consume(group, one):
        before = await append(stream, group, 10)
        await one.has(before)
    async with stream.consume(group, other):
        after = await append(stream, group, 3)
        await other.has(after)
    assert sorted(other.given) == sorted(after)


async def test_a_group_is_given_nothing_of_another(stream: EventStream, group: str) -> None:
    taker = Taker()
    await append(stream, f"{group}-other", 2)
    records = await append(stream, group, 2)
    async with stream.consume(group, taker):
        await taker.has(records)
    assert sorted(taker.given) == sorted(records)


async def test_a_batch_whose_take_failed_is_given_again(stream: EventStream, group: str) -> None:
    taker = Taker(failures=2)
    records = await append(stream, group, 5)
    async with stream.consume(group, taker):
        await taker.has(records)
    assert len(taker.given) > len(records)


async def test_a_batch_that_was_cut_off_is_given_to_the_next(
    stream: EventStream, group: str
) -> None:
    held, taker = asyncio.Event(), Taker()

    async def hold(_: Sequence[bytes]) -> None:
        held.set()
        await asyncio.Event().wait()

    records = await append(stream, group, 5)
    async with stream.consume(group, hold):
        await asyncio.wait_for(held.wait(), PATIENCE)
    async with stream.consume(group, taker):
        await taker.has(records)


MEMBER = """
import asyncio, sys
from studium.adapters.broker import open_event_stream

async def hold(records):
    print(len(records), flush=True)
    await asyncio.Event().wait()

async def main(url, group):
    async with open_event_stream(url).consume(group, hold):
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_consumer_loses_nothing(
    engine: BrokerEngine, stream: EventStream, group: str
) -> None:
    records = await append(stream, group, 20)
    member = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEMBER, engine.url, group, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert member.stdout
        async with asyncio.timeout(PATIENCE):
            assert int(await member.stdout.readline()) >= 1
    finally:
        member.kill()
        await member.wait()
    survivor = Taker()
    async with stream.consume(group, survivor):
        await survivor.has(records)


async def test_appending_says_so_while_the_engine_is_down_and_an_empty_one_is_used_again(
    engine: BrokerEngine, stream: EventStream, group: str
) -> None:
    """The last test on the engine: what others left there is gone."""
    taker = Taker()
    async with stream.consume(group, taker):
        before = await append(stream, group, 2)
        await taker.has(before)
        await engine.stop()
        try:
            with pytest.raises(EngineUnavailableError):
                await append(stream, group, 1)
        finally:
            if isinstance(engine, PrivateValkey):
                await engine.start()
            await engine.wipe()  # the others start empty
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    after = await append(stream, group, 3)
                    break
                except EngineUnavailableError:  # as a browser, that keeps them and tries again
                    await asyncio.sleep(0.2)
        await taker.has(after)


async def test_redis_keeps_what_waits_and_nothing_else(
    valkey_url: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_records, "MOST_WAITING", 10)
    stream, taker = open_event_stream(valkey_url), Taker()
    records = await append(stream, group, 20)
    with pytest.raises(EngineUnavailableError, match="Too much waits"):
        await append(stream, group, 1)
    async with Redis.from_url(valkey_url) as redis:
        assert await redis.xlen(f"studium.records.{group}") == 20
        async with stream.consume(group, taker):
            await taker.has(records)
        assert await redis.xlen(f"studium.records.{group}") == 0
    await append(stream, group, 1)
    await stream.close()


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="event stream: nats"):
        open_event_stream("nats://127.0.0.1/")
