"""`open_fanout(url)`: `redis://` or `rediss://` (Redis ≥ 7, Valkey)."""

from studium.adapters.fanout.redis import RedisFanOut
from studium.core.ports import FanOut


def open_fanout(url: str) -> FanOut:
    return RedisFanOut(url)
