"""What a Kafka cluster is asked besides messages: its topics, and how far a group has come."""

import asyncio
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec, TopicDescription  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

Answer = TypeVar("Answer")

DAY_MS = 24 * 3600 * 1000
"""A topic keeps a message this long; an older one is sent again by the sweeper if needed."""
PARTITIONS = 12
REQUEST_SECONDS = 3.0
CREATE_SECONDS = 5.0
CLIENT = {
    "reconnect.backoff.ms": 200,
    "reconnect.backoff.max.ms": 500,
    "socket.timeout.ms": 5000,
    "topic.metadata.refresh.interval.ms": 5000,
    "topic.metadata.refresh.fast.interval.ms": 50,
    "allow.auto.create.topics": False,  # it would be the server's number of partitions
    "log_level": 2,  # every outage is ours to tell
}


def topic_of(group: str) -> str:
    return f"studium.{group}"


class KafkaCluster:
    def __init__(self, url: str) -> None:
        """Raises `ValueError` for partitions or a replication that are no number."""
        parts = urlsplit(url)
        settings = dict(parse_qsl(parts.query))
        self._partitions = int(settings.pop("partitions", PARTITIONS))
        self._replication = int(settings.pop("replication", -1))
        self.client: dict[str, Any] = {"bootstrap.servers": parts.netloc, **CLIENT, **settings}
        self._admin = AdminClient(self.client)

    async def ping(self) -> None:
        await _answer(self._admin.describe_cluster(request_timeout=REQUEST_SECONDS))

    async def topic(
        self, name: str, partitions: int | None = None, kept_ms: int = DAY_MS
    ) -> TopicDescription:
        """It is created where it is missing."""
        async with asyncio.timeout(CREATE_SECONDS):
            while (found := await self._found(name)) is None:
                await self._create(name, partitions or self._partitions, kept_ms)
        return found

    async def lag(self, group: str) -> int:
        topic = await self._found(topic_of(group))
        if topic is None:
            return 0
        partitions = [TopicPartition(topic.name, each.id) for each in topic.partitions]
        lows, highs, nexts = await asyncio.gather(
            self._offsets(partitions, OffsetSpec.earliest()),  # type: ignore[no-untyped-call]
            self._offsets(partitions, OffsetSpec.latest()),  # type: ignore[no-untyped-call]
            self._committed(group),
        )
        return sum(
            high - (nexts[each] if low <= nexts.get(each, -1) <= high else low)
            for each, low, high in zip(range(len(highs)), lows, highs, strict=True)
        )

    async def _found(self, name: str) -> TopicDescription | None:
        asked = self._admin.describe_topics(
            TopicCollection([name]), request_timeout=REQUEST_SECONDS
        )
        try:
            return await _answer(asked[name])
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return None
            raise

    async def _create(self, topic: str, partitions: int, kept_ms: int) -> None:
        new = NewTopic(topic, partitions, self._replication, config={"retention.ms": str(kept_ms)})
        asked = self._admin.create_topics([new], request_timeout=REQUEST_SECONDS)
        try:
            await _answer(asked[topic])
        except KafkaException as error:
            # Somebody was faster, or it exists and the server we asked does not know yet.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            await asyncio.sleep(0.02)

    async def _offsets(self, partitions: list[TopicPartition], spec: OffsetSpec) -> list[int]:
        asked = self._admin.list_offsets(
            dict.fromkeys(partitions, spec), request_timeout=REQUEST_SECONDS
        )
        return [(await _answer(asked[each])).offset for each in partitions]

    async def _committed(self, group: str) -> dict[int, int]:
        """By partition, the offset of the next message; empty before the first commit."""
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=REQUEST_SECONDS
        )
        answer = await _answer(asked[group])
        topic = topic_of(group)
        return {
            each.partition: each.offset for each in answer.topic_partitions if each.topic == topic
        }


async def _answer(asked: "Future[Answer]") -> Answer:
    return await asyncio.wrap_future(asked)
