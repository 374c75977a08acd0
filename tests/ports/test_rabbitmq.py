"""What only the broker on RabbitMQ can get wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from studium.adapters.broker import open_broker
from studium.adapters.broker.rabbitmq import ARGUMENTS, RabbitMQ
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Broker, Reference
from tests.ports.held import Held
from tests.ports.private_rabbitmq import PrivateRabbitMQ, private_rabbitmq
from tests.ports.proxy import Proxy, proxy

PATIENCE = 60


@pytest.fixture(scope="module")
async def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateRabbitMQ]:
    async with private_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as engine:
        yield engine


@pytest.fixture
async def broker(rabbitmq: PrivateRabbitMQ) -> AsyncIterator[Broker]:
    opened = open_broker(rabbitmq.url)
    yield opened
    await opened.close()


@pytest.fixture
async def channel(rabbitmq: PrivateRabbitMQ) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as opened:
        yield opened


@pytest.fixture
async def road(rabbitmq: PrivateRabbitMQ) -> AsyncIterator[Proxy]:
    async with proxy(rabbitmq.url) as opened:
        yield opened


@asynccontextmanager
async def patiently() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE):
        yield


async def published(broker: Broker, *groups: str) -> list[Reference]:
    references = [Reference(uuid4(), each) for each in groups]
    await broker.publish(references)
    return references


# ── messages ──────────────────────────────────────────────────────────────────────────────────
async def test_a_message_that_is_no_reference_is_put_away(
    broker: Broker, channel: AbstractChannel, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    (first,) = await published(broker, group)
    for body in (b"", b"not a uuid"):
        await channel.default_exchange.publish(aio_pika.Message(body), f"studium.{group}")
    (last,) = await published(broker, group)
    async with broker.consume(group, taken.put), patiently():
        assert [await taken.get(), await taken.get()] == [first, last]
    assert await broker.waiting(group) == 0  # leaving would have given it back


async def test_a_take_that_raises_is_left_to_the_sweeper(broker: Broker, group: str) -> None:
    taken: list[Reference] = []
    ended = asyncio.Event()

    async def take(reference: Reference) -> None:
        taken.append(reference)
        if reference == poison:
            raise RuntimeError("poison")
        ended.set()

    poison, good = await published(broker, group, group)
    async with broker.consume(group, take), patiently():
        await ended.wait()
    assert taken == [poison, good]
    assert await broker.waiting(group) == 0


async def test_a_worker_that_leaves_without_a_free_slot_gives_the_message_to_another(
    broker: Broker, group: str
) -> None:
    started, leaving = asyncio.Event(), asyncio.Event()
    taken: asyncio.Queue[Reference] = asyncio.Queue()

    async def take(_: Reference) -> None:
        started.set()
        await leaving.wait()
        raise RuntimeError("the worker ends")

    (held,) = await published(broker, group)
    async with broker.consume(group, take), patiently():
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, leaving.set)  # the exit has begun by then
    async with broker.consume(group, taken.put), patiently():
        assert await taken.get() == held


async def test_what_finds_its_queue_is_not_published_again_for_what_does_not(
    broker: Broker, group: str
) -> None:
    await published(broker, group)
    await published(broker, group, f"{group}-new", group, f"{group}-new")
    assert [await broker.waiting(each) for each in (group, f"{group}-new")] == [3, 2]


async def test_a_queue_that_is_declared_otherwise_is_used_as_it_is(
    broker: Broker, channel: AbstractChannel, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    await channel.declare_queue(f"studium.{group}", durable=True)
    async with broker.consume(group, taken.put), patiently():
        sent = await published(broker, group)
        assert [await taken.get()] == sent


async def test_a_full_queue_drops_its_oldest_and_refuses_nothing(
    rabbitmq: PrivateRabbitMQ, broker: Broker, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    first = await published(broker, group)
    await rabbitmq.evaluate(
        f'rabbit_policy:set(<<"/">>, <<"{group}">>, <<"studium.{group}">>,'
        ' [{<<"max-length">>, 2}], 0, <<"queues">>, <<"test">>).'
    )
    rest = await published(broker, group, group, group)
    async with broker.consume(group, taken.put), patiently():
        assert [await taken.get(), await taken.get()] == (first + rest)[-2:]


async def test_messages_outlive_the_server(
    rabbitmq: PrivateRabbitMQ, broker: Broker, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    kept = await published(broker, group, group)
    await rabbitmq.stop()
    await rabbitmq.start()
    async with broker.consume(group, taken.put), patiently():
        assert [await taken.get(), await taken.get()] == kept


# ── what the broker ends ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("during_a_take", [False, True])
async def test_a_deleted_queue_is_declared_again(
    broker: Broker, channel: AbstractChannel, group: str, during_a_take: bool
) -> None:
    take = Held()
    async with broker.consume(group, take), patiently():
        before = await published(broker, group)
        assert [await take.started.get()] == before
        if not during_a_take:
            take.gate.set()
        await channel.queue_delete(f"studium.{group}")
        take.gate.set()
        after = await published(broker, group)
        assert [await take.started.get()] == after


async def test_a_consumer_that_was_not_told_of_the_deletion_finds_the_new_queue(
    rabbitmq: PrivateRabbitMQ, channel: AbstractChannel, group: str
) -> None:
    broker = RabbitMQ(rabbitmq.url, heartbeat_seconds=1)
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    async with broker.consume(group, taken.put), patiently():
        before = await published(broker, group)
        assert [await taken.get()] == before
        await channel.queue_delete(f"studium.{group}")
        await channel.declare_queue(f"studium.{group}", durable=True, arguments=dict(ARGUMENTS))
        while taken.empty():  # a queue that ends may swallow some: the sweeper sends again
            await published(broker, group)
            await asyncio.sleep(0.5)
    await broker.close()


async def test_a_take_beyond_the_brokers_patience_ends_no_consumer(
    rabbitmq: PrivateRabbitMQ, group: str
) -> None:
    """`consumer_timeout` closes the channel, and the message goes to whoever is free."""
    await rabbitmq.evaluate(
        "application:set_env(rabbit, consumer_timeout, 500),"
        " application:set_env(rabbit, channel_tick_interval, 100)."
    )
    broker, slow, free = open_broker(rabbitmq.url), Held(), Held()
    free.gate.set()
    async with patiently(), broker.consume(group, slow):
        (held,) = await published(broker, group)
        assert await slow.started.get() == held
        async with broker.consume(group, free):
            assert await free.started.get() == held
        slow.gate.set()
        (after,) = await published(broker, group)
        assert await slow.started.get() == after
    await broker.close()
    await rabbitmq.evaluate(
        "application:set_env(rabbit, consumer_timeout, 1800000),"
        " application:set_env(rabbit, channel_tick_interval, 60000)."
    )


async def test_a_broker_short_of_memory_takes_nothing_new_and_goes_on_giving(
    rabbitmq: PrivateRabbitMQ, broker: Broker, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    before = await published(broker, group, group)
    await rabbitmq.evaluate("rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).")
    async with patiently():
        with pytest.raises(EngineUnavailableError):
            await published(broker, group)
        async with broker.consume(group, taken.put):
            assert [await taken.get(), await taken.get()] == before
        await rabbitmq.evaluate("rabbit_alarm:clear_alarm({resource_limit, memory, node()}).")
        async with broker.consume(group, taken.put):
            (after,) = await published(broker, group)
            while await taken.get() != after:  # what was refused may have come all the same
                pass


# ── the road to it ────────────────────────────────────────────────────────────────────────────
async def test_a_consumer_that_is_cut_off_loses_its_message_to_another(
    broker: Broker, road: Proxy, group: str
) -> None:
    far, near = Held(), Held()
    distant = open_broker(road.url)
    async with patiently(), distant.consume(group, far):
        (held,) = await published(broker, group)
        assert await far.started.get() == held
        async with broker.consume(group, near):
            road.cut()
            assert await near.started.get() == held
            near.gate.set()
        far.gate.set()
        (after,) = await published(broker, group)
        assert await far.started.get() == after
    await distant.close()


async def test_a_black_hole_is_left_by_the_next_call(road: Proxy, group: str) -> None:
    broker = open_broker(road.url)
    await published(broker, group)
    road.swallow()
    async with patiently():
        with pytest.raises(EngineUnavailableError):
            await published(broker, group)
        await published(broker, group)
    await broker.close()


async def test_a_consumer_finds_out_that_it_listens_to_a_black_hole(
    broker: Broker, road: Proxy, group: str
) -> None:
    taken: asyncio.Queue[Reference] = asyncio.Queue()
    distant = RabbitMQ(road.url, heartbeat_seconds=1)
    async with patiently(), distant.consume(group, taken.put):
        before = await published(broker, group)
        assert [await taken.get()] == before
        road.swallow()
        (after,) = await published(broker, group)
        while await taken.get() != after:  # the acknowledgement may have been swallowed
            pass
    await distant.close()


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="mqtt"):
        open_broker("mqtt://127.0.0.1")
