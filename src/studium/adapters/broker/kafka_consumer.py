"""One consumer of a group on Kafka: it commits past a message and so claims it, then it is taken.

Kafka gives partitions to consumers, not messages, and a partition whose consumer waits holds
whatever is behind. So a consumer whose take is slow gives its partitions to the others and rests:
it stays a member of the group, subscribed to a topic in which nothing is ever written.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import structlog
from confluent_kafka import Consumer, KafkaException, Message

from studium.adapters.broker.kafka_cluster import KafkaCluster, topic_of
from studium.core.ports import Reference, Take

log = structlog.get_logger()

Result = TypeVar("Result")

HANDOFF_SECONDS = 0.5
"""A take that lasts longer costs its consumer its partitions."""
FINISH_SECONDS = 5.0
"""A consumer that leaves waits this long for its take, which may wait for a busy worker itself."""
CLOSE_SECONDS = 5.0
POLL_SECONDS = 0.2
CHECK_SECONDS = 2.0
"""An idle consumer looks this often whether its topic is still the one it joined."""
RESTING = "studium-resting"
"""The name of no group's topic."""
POLL_WITHIN_MS = 10_000
"""A member that does not poll for so long holds up each change of the group; it is put out."""
MEMBER = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    # With the protocol "consumer" the server sets both times, by default to 5 s and 45 s.
    "group.protocol": "classic",
    "heartbeat.interval.ms": 300,  # so soon the others hear that somebody gave or needs partitions
    "session.timeout.ms": 6_000,  # so soon the partitions of a killed member are given to others
    "max.poll.interval.ms": POLL_WITHIN_MS,
    "partition.assignment.strategy": "roundrobin",
    # Few and small fetches ahead: each hand-over throws them away.
    "fetch.message.max.bytes": 16_384,
    "queued.min.messages": 100,
    "fetch.queue.backoff.ms": 20,
}


class KafkaConsumer:
    def __init__(self, cluster: KafkaCluster, group: str, take: Take) -> None:
        self._cluster = cluster
        self._group = group
        self._topic = topic_of(group)
        self._take = take
        self._topic_id = ""
        self._check_at = 0.0
        self._consumer: Consumer | None = None
        # Everything the client does blocks; one thread keeps it in order.
        self._thread = ThreadPoolExecutor(1, f"kafka-{group}")
        self._gate = Lock()
        self._taking = False
        self._stopping = False

    async def run(self) -> None:
        pause = 0.1
        while not self._stopping:
            try:
                consumer = await self._join()
                while not self._stopping:
                    await self._next(consumer)
                    pause = 0.1
            except Exception as error:  # noqa: BLE001 - a consumer that ends unseen takes nothing
                log.warning("broker.reconnecting", group=self._group, error=str(error))
                await self._leave()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """The take in hand may finish, no other starts; what is not claimed is for others."""
        with self._gate:
            self._stopping = True
        if self._taking:
            await asyncio.wait({consuming}, timeout=FINISH_SECONDS)
        consuming.cancel()
        await asyncio.wait({consuming})
        await self._leave()
        self._thread.shutdown(wait=False)

    async def _join(self) -> Consumer:
        await self._cluster.topic(RESTING, partitions=1)
        self._topic_id = str((await self._cluster.topic(self._topic)).topic_id)
        settings = {**self._cluster.client, **MEMBER, "group.id": self._group}
        self._consumer = Consumer(settings)
        await self._call(self._consumer.subscribe, [self._topic])
        return self._consumer

    async def _leave(self) -> None:
        """Closing tells the group, so that others get the partitions at once."""
        if self._consumer is not None:
            closing = asyncio.ensure_future(self._call(self._consumer.close))
            self._consumer = None
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)

    async def _next(self, consumer: Consumer) -> None:
        try:
            message = await self._call(self._claimed, consumer)
            if message is not None:
                await self._taken(consumer, message)
            elif monotonic() > self._check_at:
                await self._check()
        finally:
            self._taking = False

    async def _check(self) -> None:
        """Raises `LookupError` where the topic is another than when we joined.

        A client whose topic is gone for a moment may stay in the group without any partition.
        """
        self._check_at = monotonic() + CHECK_SECONDS
        with suppress(KafkaException, TimeoutError):
            topic = await self._cluster.topic(self._topic)
            if str(topic.topic_id) != self._topic_id:
                raise LookupError("the topic was replaced")

    def _claimed(self, consumer: Consumer) -> "Message[Any, Any] | None":
        """The next message, once the group has put down that it is ours.

        Partitions change hands inside `poll` only, and a commit by somebody whom the group has
        given up fails: so no other consumer can claim it too.
        """
        message = consumer.poll(POLL_SECONDS)
        if message is None:
            return None
        if (error := message.error()) is not None:
            raise KafkaException(error)
        with self._gate:
            if self._stopping:
                return None
            self._taking = True
        consumer.commit(message=message, asynchronous=False)
        return message

    async def _taken(self, consumer: Consumer, message: "Message[Any, Any]") -> None:
        try:
            reference = Reference(UUID(bytes=message.value()), self._group)
        except (TypeError, ValueError):
            log.warning("broker.not_a_reference", group=self._group)
            return
        resting = asyncio.create_task(self._rest(consumer))
        try:
            await self._take(reference)
        except Exception:
            log.warning("broker.take_failed", group=self._group, exc_info=True)
        finally:
            resting.cancel()
            await asyncio.wait({resting})
        if not resting.cancelled():
            resting.result()

    async def _rest(self, consumer: Consumer) -> None:
        """Gives the partitions to the others when the take is slow; until cancelled."""
        await asyncio.sleep(HANDOFF_SECONDS)
        try:
            await self._call(_give_away, consumer, self._topic)
            while True:  # who does not poll is no member
                await self._call(consumer.poll, POLL_SECONDS)
        finally:
            if not self._stopping:
                await self._call(consumer.subscribe, [self._topic])

    async def _call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)


def _give_away(consumer: Consumer, topic: str) -> None:
    """Raises `TimeoutError` where the client keeps its partitions, which it gives up by itself.

    What it polls meanwhile is read again by whoever gets the partition.
    """
    consumer.subscribe([RESTING])
    for _ in range(100):
        if all(each.topic != topic for each in consumer.assignment()):
            return
        consumer.poll(0.05)
    raise TimeoutError(f"the partitions of {topic} are not given away")
