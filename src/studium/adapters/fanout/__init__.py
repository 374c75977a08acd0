"""`open_fanout(url)`: `redis://` or `rediss://` (Redis ≥ 7, Valkey); of a cluster
`redis+cluster://user:password@one:6379,two:6379`, or `rediss+cluster://`.
"""

from studium.adapters.fanout.redis import RedisFanOut
from studium.core.ports import FanOut


def open_fanout(url: str) -> FanOut:
    return RedisFanOut(url)
