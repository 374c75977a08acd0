"""The event stream on Apache Kafka: offsets are committed once their records were taken."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from studium.adapters.broker.batching import BATCH, BatchConsumer, stream_of
from studium.adapters.broker.consuming import running
from studium.adapters.broker.kafka import PRODUCER, confirmed, reaching
from studium.adapters.broker.kafka_cluster import DAY_MS, KafkaCluster, topic_of
from studium.core.ports import TakeBatch

Result = TypeVar("Result")

KEPT_MS = 7 * DAY_MS
"""A warehouse that is away longer misses what is older."""
CLOSE_SECONDS = 5.0
CHECK_SECONDS = 2.0
GATHER_SECONDS = 1.0
"""A batch that is not full is given after this time."""
MEMBER = {
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "group.protocol": "classic",
    "heartbeat.interval.ms": 1_000,
    "session.timeout.ms": 6_000,
    "max.poll.interval.ms": 120_000,  # a batch that takes longer is given to another too
}


class KafkaRecords:
    def __init__(self, url: str) -> None:
        self._cluster = KafkaCluster(url)
        self._settings = {**self._cluster.client, **PRODUCER}
        self._producer: Producer | None = None
        self._known: set[str] = set()

    async def append(self, group: str, records: Sequence[bytes]) -> None:
        with reaching():
            topic = topic_of(stream_of(group))
            if topic not in self._known:
                await self._cluster.topic(topic, kept_ms=KEPT_MS)
                self._known.add(topic)
            producer = self._producer = self._producer or Producer(self._settings)
            messages = [(topic, each, -1) for each in records]  # librdkafka spreads them
            try:
                await asyncio.to_thread(confirmed, producer, messages)
            except Exception:
                self._producer = None  # the next one learns anew where the partitions are
                self._known.clear()
                raise

    def consume(self, group: str, take: TakeBatch) -> AbstractAsyncContextManager[None]:
        return running(BatchConsumer(_Source(self._cluster, group), group, take))

    async def close(self) -> None:
        self._producer = None


class _Source:
    def __init__(self, cluster: KafkaCluster, group: str) -> None:
        self._cluster = cluster
        self._group = stream_of(group)
        self._topic = topic_of(self._group)
        self._consumer: Consumer | None = None
        self._next: dict[tuple[str, int], int] = {}
        self._topic_id = ""
        self._check_at = 0.0
        # Everything the client does blocks; one thread keeps it in order.
        self._thread = ThreadPoolExecutor(1, f"kafka-{self._group}")

    async def open(self) -> None:
        self._topic_id = await self._id()
        settings = {**self._cluster.client, **MEMBER, "group.id": self._group}
        self._consumer = Consumer(settings)
        await self._call(self._consumer.subscribe, [self._topic])

    async def next(self) -> Sequence[bytes]:
        messages: list[Message[Any, Any]] = await self._call(
            self._opened.consume, BATCH, GATHER_SECONDS
        )
        if not messages and monotonic() > self._check_at:
            await self._check()
        self._next = {}
        for message in messages:
            if (error := message.error()) is not None:
                raise KafkaException(error)
            place = str(message.topic()), int(message.partition() or 0)
            self._next[place] = int(message.offset() or 0) + 1
        return [message.value() or b"" for message in messages]

    async def confirm(self) -> None:
        """Raises where the group has given our partitions to another, who takes it all again."""
        offsets = [TopicPartition(*place, offset) for place, offset in self._next.items()]
        await self._call(lambda: self._opened.commit(offsets=offsets, asynchronous=False))

    async def close(self) -> None:
        if self._consumer is not None:
            closing = asyncio.ensure_future(self._call(self._consumer.close))
            self._consumer = None
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)

    async def _check(self) -> None:
        """Raises `LookupError` where the topic is another than the one we joined: a client whose
        topic is gone for a moment may stay in the group without any partition.
        """
        self._check_at = monotonic() + CHECK_SECONDS
        if await self._id() != self._topic_id:
            raise LookupError("the topic was replaced")

    async def _id(self) -> str:
        return str((await self._cluster.topic(self._topic, kept_ms=KEPT_MS)).topic_id)

    @property
    def _opened(self) -> Consumer:
        if self._consumer is None:
            raise ConnectionError("the consumer is closed")
        return self._consumer

    async def _call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)
