"""`open_broker(url)`: `redis://` is Redis Streams (Redis ≥ 7, Valkey), never a cluster."""

from studium.adapters.broker.redis_streams import RedisStreams
from studium.core.ports import Broker


def open_broker(url: str) -> Broker:
    return RedisStreams(url)
