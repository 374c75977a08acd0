"""The broker on Apache Kafka ≥ 4: a topic and a consumer group per studium group.

`kafka://host:port[,host:port…]?partitions=12&replication=-1`; any other parameter of the query is
a setting of librdkafka, as in `&security.protocol=SASL_SSL&sasl.mechanism=…`.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import count

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from studium.adapters.broker.consuming import running, unreachable
from studium.adapters.broker.kafka_cluster import KafkaCluster, topic_of
from studium.adapters.broker.kafka_consumer import KafkaConsumer
from studium.core.ports import Reference, Take

Placed = tuple[str, bytes, int]
"""Topic, value, partition."""
CONFIRM_MS = 4000
"""A reference that no replica has confirmed by then has failed."""
PRODUCER = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 1,
    "message.timeout.ms": CONFIRM_MS,
}


class Kafka:
    def __init__(self, url: str) -> None:
        self._cluster = KafkaCluster(url)
        self._settings = {**self._cluster.client, **PRODUCER}
        self._producer: Producer | None = None
        # A turn of its own for each topic, so that its partitions fill evenly.
        self._turns: dict[str, Iterator[int]] = defaultdict(lambda: count(random.randrange(1000)))

    async def publish(self, references: Sequence[Reference]) -> None:
        with reaching():
            names = {topic_of(each.group) for each in references}
            topics = {name: await self._cluster.topic(name) for name in names}
            partitions = {name: len(topic.partitions) for name, topic in topics.items()}
            producer = self._producer = self._producer or Producer(self._settings)
            try:
                messages = [self._placed(each, partitions) for each in references]
                await asyncio.to_thread(confirmed, producer, messages)
            except Exception:
                self._producer = None  # the next one learns anew where the partitions are
                raise

    def consume(self, group: str, take: Take) -> AbstractAsyncContextManager[None]:
        return running(KafkaConsumer(self._cluster, group, take))

    async def waiting(self, group: str) -> int:
        with reaching():
            return await self._cluster.lag(group)

    async def ping(self) -> None:
        with reaching():
            await self._cluster.ping()

    async def close(self) -> None:
        self._producer = None

    def _placed(self, reference: Reference, partitions: dict[str, int]) -> Placed:
        topic = topic_of(reference.group)
        return topic, reference.delivery_id.bytes, next(self._turns[topic]) % partitions[topic]


def confirmed(producer: Producer, messages: Sequence[Placed]) -> None:
    """Blocks: the client tells what became of a message while one polls."""
    answers: list[KafkaError | None] = []

    def answered(error: KafkaError | None, _: "Message[bytes, bytes]") -> None:
        answers.append(error)

    for topic, value, partition in messages:
        producer.produce(topic, value, partition=partition, on_delivery=answered)
    while len(answers) < len(messages):
        producer.poll(0.02)  # another thread's poll may hear our answers
    for error in filter(None, answers):
        raise KafkaException(error)


@contextmanager
def reaching() -> Iterator[None]:
    try:
        yield
    except (KafkaException, BufferError, TimeoutError) as error:
        raise unreachable() from error
