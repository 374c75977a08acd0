"""What only the broker on Kafka can get wrong."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from studium.adapters.broker import open_broker
from studium.adapters.broker.kafka_consumer import HANDOFF_SECONDS, POLL_WITHIN_MS
from studium.core.ports import Broker, Reference
from tests.ports.held import Held
from tests.ports.private_kafka import PrivateKafka, private_kafka

PATIENCE = 30
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateKafka]:
    async with private_kafka(tmp_path_factory.mktemp("kafka")) as engine:
        yield engine


@pytest.fixture
async def broker(kafka: PrivateKafka) -> AsyncIterator[Broker]:
    opened = open_broker(kafka.url)
    yield opened
    await opened.close()


@pytest.fixture
def admin(kafka: PrivateKafka) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.address})


def references(group: str, number: int) -> list[Reference]:
    return [Reference(uuid4(), group) for _ in range(number)]


async def taken(queue: "asyncio.Queue[Reference]", number: int) -> list[UUID]:
    async with asyncio.timeout(PATIENCE):
        return sorted([(await queue.get()).delivery_id for _ in range(number)])


def ids(published: list[Reference]) -> list[UUID]:
    return sorted(each.delivery_id for each in published)


async def test_a_message_that_is_no_reference_is_put_away(
    kafka: PrivateKafka, broker: Broker, group: str
) -> None:
    good = references(group, 1)
    await broker.publish(good)
    producer = Producer({"bootstrap.servers": kafka.address})
    for value in (b"not a uuid", None):
        producer.produce(f"studium.{group}", value)
    producer.flush(PATIENCE)
    queue: asyncio.Queue[Reference] = asyncio.Queue()
    async with broker.consume(group, queue.put), asyncio.timeout(PATIENCE):
        assert await taken(queue, 1) == ids(good)
        while await broker.waiting(group):  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.01)
    assert queue.empty()


async def test_messages_are_spread_evenly_over_as_many_partitions_as_the_url_says(
    kafka: PrivateKafka, group: str
) -> None:
    broker = open_broker(f"{kafka.url}?partitions=3&replication=1")
    for _ in range(3):
        await broker.publish(references(group, 1) + references(f"{group}-other", 1))
    await broker.publish(references(group, 6))
    client = Consumer({"bootstrap.servers": kafka.address, "group.id": "looks"})
    topic = f"studium.{group}"
    ends = [client.get_watermark_offsets(TopicPartition(topic, each))[1] for each in range(3)]
    assert ends == [3, 3, 3]
    client.close()
    await broker.close()


async def test_a_topic_that_was_deleted_is_made_anew(
    broker: Broker, admin: AdminClient, group: str
) -> None:
    queue: asyncio.Queue[Reference] = asyncio.Queue()
    async with broker.consume(group, queue.put):
        for _ in range(3):
            published = references(group, 12)
            await broker.publish(published)
            assert await taken(queue, 12) == ids(published)
            topic = f"studium.{group}"
            await asyncio.to_thread(admin.delete_topics([topic])[topic].result, PATIENCE)


@pytest.mark.parametrize("seconds", [2 * HANDOFF_SECONDS, 1 + POLL_WITHIN_MS / 1000])
async def test_who_waited_gets_partitions_again(broker: Broker, group: str, seconds: float) -> None:
    held = Held()
    async with broker.consume(group, held):
        first = references(group, 1)
        await broker.publish(first)
        assert await taken(held.started, 1) == ids(first)
        await asyncio.sleep(seconds)
        rest = references(group, 12)
        await broker.publish(rest)
        assert held.started.empty()
        held.gate.set()
        assert await taken(held.started, 12) == ids(rest)


async def test_what_is_behind_a_slow_take_goes_to_who_is_free(broker: Broker, group: str) -> None:
    slow, free = Held(), Held()
    free.gate.set()
    async with broker.consume(group, slow), broker.consume(group, free):
        await asyncio.gather(*(broker.publish(references(group, 12)) for _ in range(3)))
        await taken(slow.started, 1)
        await taken(free.started, 35)
        slow.gate.set()
        assert slow.started.empty()


async def test_partitions_of_a_killed_consumer_go_to_the_others(
    kafka: PrivateKafka, broker: Broker, admin: AdminClient, group: str
) -> None:
    queue: asyncio.Queue[Reference] = asyncio.Queue()
    await broker.publish(references(group, 1))
    member = await asyncio.create_subprocess_exec(
        sys.executable, "-c", IDLE, kafka.url, group, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert member.stdout
        async with asyncio.timeout(PATIENCE):
            assert await member.stdout.readline() == b"taken\n"
        async with broker.consume(group, queue.put):
            await until(lambda: members(admin, group) == [6, 6])
            member.kill()
            published = references(group, 12)
            await broker.publish(published)
            assert await taken(queue, 12) == ids(published)
    finally:
        if member.returncode is None:
            member.kill()
        await member.wait()


IDLE = """
import asyncio, sys
from studium.adapters.broker import open_broker

async def take(_):
    print("taken", flush=True)

async def main(url, group):
    async with open_broker(url).consume(group, take):
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


def members(admin: AdminClient, group: str) -> list[int]:
    """How many partitions each member of the group has."""
    description = admin.describe_consumer_groups([group])[group].result(PATIENCE)
    return [len(each.assignment.topic_partitions) for each in description.members]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)


async def test_a_consumer_that_left_is_not_remembered(
    broker: Broker, admin: AdminClient, group: str
) -> None:
    queue: asyncio.Queue[Reference] = asyncio.Queue()
    await broker.publish(references(group, 1))
    async with broker.consume(group, queue.put):
        await taken(queue, 1)
        assert members(admin, group) == [12]
    assert members(admin, group) == []


async def test_a_take_that_raises_is_left_to_the_sweeper(broker: Broker, group: str) -> None:
    raised, queue = asyncio.Event(), asyncio.Queue[Reference]()

    async def take(_: Reference) -> None:
        raised.set()
        raise RuntimeError("poison")

    await broker.publish(references(group, 1))
    async with broker.consume(group, take), asyncio.timeout(PATIENCE):
        await raised.wait()
    good = references(group, 1)
    await broker.publish(good)
    async with broker.consume(group, queue.put):
        assert await taken(queue, 1) == ids(good)
    assert await broker.waiting(group) == 0


async def test_a_take_that_never_ends_does_not_hold_its_consumer(
    broker: Broker, group: str
) -> None:
    started, let_go = asyncio.Event(), asyncio.Event()

    async def take(_: Reference) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            let_go.set()

    await broker.publish(references(group, 1))
    async with asyncio.timeout(PATIENCE):
        async with broker.consume(group, take):
            await started.wait()
        assert let_go.is_set()


async def test_nothing_is_taken_once_leaving_has_begun_and_nothing_is_lost(
    broker: Broker, group: str
) -> None:
    queue: asyncio.Queue[Reference] = asyncio.Queue()
    published = references(group, 200)
    await broker.publish(published)
    early: list[UUID] = []
    for _ in range(3):
        async with broker.consume(group, queue.put):
            early += await taken(queue, 10)
        early += await taken(queue, queue.qsize())
        await asyncio.sleep(0.1)
        assert queue.empty()
    async with broker.consume(group, queue.put):
        assert sorted(early + await taken(queue, 200 - len(early))) == ids(published)


async def test_what_waits_is_counted_after_old_messages_were_dropped(
    broker: Broker, admin: AdminClient, group: str
) -> None:
    await broker.publish(references(group, 24))
    oldest = [TopicPartition(f"studium.{group}", each, 1) for each in range(12)]
    for dropped in admin.delete_records(oldest).values():
        dropped.result(PATIENCE)
    assert await broker.waiting(group) == 12


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="nats"):
        open_broker("nats://127.0.0.1:4222")
