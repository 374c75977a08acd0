"""`open_broker(url)`: the scheme chooses.

- `redis://`, `rediss://`, `unix://`: Redis Streams (Redis ≥ 7, Valkey), never a cluster
- `amqp://`, `amqps://`: RabbitMQ ≥ 3.10
"""

from urllib.parse import urlsplit

from studium.adapters.broker.redis_streams import RedisStreams
from studium.core.ports import Broker


def open_broker(url: str) -> Broker:
    """Raises `ValueError` for another scheme."""
    match scheme := urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            return RedisStreams(url)
        case "amqp" | "amqps":
            from studium.adapters.broker.rabbitmq import RabbitMQ  # noqa: PLC0415 - one vendor

            return RabbitMQ(url)
    raise ValueError(f"broker: {scheme}: is not known; use redis:// or amqp://")
