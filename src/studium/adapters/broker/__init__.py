"""`open_broker(url)`: the scheme picks the engine.

`redis://` is Redis Streams (Redis ≥ 7, Valkey), never a cluster; `kafka://` is Apache Kafka ≥ 4.
"""

from urllib.parse import urlsplit

from studium.adapters.broker.redis_streams import RedisStreams
from studium.core.ports import Broker


def open_broker(url: str) -> Broker:
    scheme = urlsplit(url).scheme
    if scheme == "kafka":
        # Its client takes a tenth of a second of processor and some memory, of whoever uses it.
        from studium.adapters.broker.kafka import Kafka  # noqa: PLC0415

        return Kafka(url)
    if scheme in {"redis", "rediss", "unix"}:
        return RedisStreams(url)
    raise ValueError(f"No broker answers to {scheme}://; redis:// and kafka:// are known.")
