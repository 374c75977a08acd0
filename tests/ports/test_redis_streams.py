"""What only the broker on Redis Streams can get wrong."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from studium.adapters.broker import open_broker
from studium.core.ports import Reference
from tests.ports.private_valkey import PrivateValkey, private_valkey

PATIENCE = 30


@pytest.fixture(scope="module")
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateValkey]:
    async with private_valkey(tmp_path_factory.mktemp("streams")) as engine:
        yield engine


@pytest.fixture
async def client(valkey: PrivateValkey) -> AsyncIterator[Redis]:
    async with Redis.from_url(valkey.url) as opened:
        yield opened


async def test_an_entry_that_is_no_reference_is_put_away(
    valkey: PrivateValkey, client: Redis, group: str
) -> None:
    broker = open_broker(valkey.url)
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    good = Reference(uuid4(), group)
    await client.xadd(f"studium.{group}", {b"delivery": b"not a uuid"})
    await client.xadd(f"studium.{group}", {b"else": b"where"})
    await broker.publish([good])
    async with broker.consume(group, taken.put), asyncio.timeout(PATIENCE):
        assert await taken.get() == good
        while (await client.xpending(f"studium.{group}", group))["pending"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await broker.close()


async def test_a_take_that_raises_stays_pending_for_the_sweeper(
    valkey: PrivateValkey, client: Redis, group: str
) -> None:
    broker = open_broker(valkey.url)
    poison, good = Reference(uuid4(), group), Reference(uuid4(), group)
    taken: asyncio.Queue[Reference] = asyncio.Queue()

    async def take(reference: Reference) -> None:
        if reference == poison:
            raise RuntimeError("poison")
        await taken.put(reference)

    await broker.publish([poison, good])
    async with broker.consume(group, take), asyncio.timeout(PATIENCE):
        assert await taken.get() == good
        while (await client.xpending(f"studium.{group}", group))["pending"] != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await broker.close()


async def test_nothing_is_taken_once_leaving_has_begun(
    valkey: PrivateValkey, client: Redis
) -> None:
    """Python 3.11 may lose a cancellation that comes while redis-py sends, as after an XACK."""
    broker = open_broker(valkey.url)
    for _ in range(10):
        group, taken = f"group-{uuid4().hex}", asyncio.Queue[Reference]()
        first, late = Reference(uuid4(), group), Reference(uuid4(), group)
        await broker.publish([first])
        async with broker.consume(group, taken.put), asyncio.timeout(PATIENCE):
            assert await taken.get() == first
            while (await client.xpending(f"studium.{group}", group))["pending"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            publishing = asyncio.create_task(broker.publish([late]))  # runs once leaving waits
        await publishing
        assert taken.empty()
    await broker.close()


async def test_a_take_that_never_ends_does_not_hold_its_consumer(
    valkey: PrivateValkey, group: str
) -> None:
    broker = open_broker(valkey.url)
    started, let_go = asyncio.Event(), asyncio.Event()

    async def take(_: Reference) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            let_go.set()

    await broker.publish([Reference(uuid4(), group)])
    async with asyncio.timeout(PATIENCE):
        async with broker.consume(group, take):
            await started.wait()
        assert let_go.is_set()
    await broker.close()


async def test_a_consumer_that_left_is_not_remembered(
    valkey: PrivateValkey, client: Redis, group: str
) -> None:
    broker = open_broker(valkey.url)
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    await broker.publish([Reference(uuid4(), group)])
    async with broker.consume(group, taken.put), asyncio.timeout(PATIENCE):
        await taken.get()
        assert len(await client.xinfo_consumers(f"studium.{group}", group)) == 1
    assert await client.xinfo_consumers(f"studium.{group}", group) == []
    await broker.close()


async def test_what_waits_is_counted_after_the_stream_was_trimmed(
    valkey: PrivateValkey, client: Redis, group: str
) -> None:
    broker = open_broker(valkey.url)
    await broker.publish([Reference(uuid4(), group) for _ in range(10)])
    await client.xtrim(f"studium.{group}", maxlen=4, approximate=False)
    assert await broker.waiting(group) == 4
    await client.xgroup_create(f"studium.{group}", group, "0")
    assert await broker.waiting(group) == 4
    await broker.close()
