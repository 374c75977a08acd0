"""`open_broker(url)` and `open_event_stream(url)`: the scheme chooses.

- `redis://`, `rediss://`, `unix://`: Redis Streams (Redis ≥ 7, Valkey), never a cluster
- `kafka://`: Apache Kafka ≥ 4
- `amqp://`, `amqps://`: RabbitMQ ≥ 3.10
"""

from urllib.parse import urlsplit

from studium.adapters.broker.redis_records import RedisRecords
from studium.adapters.broker.redis_streams import RedisStreams
from studium.core.ports import Broker, EventStream


def open_broker(url: str) -> Broker:
    """Raises `ValueError` for another scheme."""
    # The clients take a tenth of a second and some memory: only of whoever uses them.
    match scheme := urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            return RedisStreams(url)
        case "kafka":
            from studium.adapters.broker.kafka import Kafka  # noqa: PLC0415

            return Kafka(url)
        case "amqp" | "amqps":
            from studium.adapters.broker.rabbitmq import RabbitMQ  # noqa: PLC0415

            return RabbitMQ(url)
    raise ValueError(f"broker: {scheme}: is not known; use redis://, kafka:// or amqp://")


def open_event_stream(url: str) -> EventStream:
    """On the same engine. Raises `ValueError` for another scheme."""
    match scheme := urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            return RedisRecords(url)
        case "kafka":
            from studium.adapters.broker.kafka_records import KafkaRecords  # noqa: PLC0415

            return KafkaRecords(url)
        case "amqp" | "amqps":
            from studium.adapters.broker.rabbitmq_records import RabbitRecords  # noqa: PLC0415

            return RabbitRecords(url)
    raise ValueError(f"event stream: {scheme}: is not known; use redis://, kafka:// or amqp://")
