"""`open_cache(url)`: `redis://` or `rediss://` (Redis ≥ 7, Valkey); of a cluster
`redis+cluster://user:password@one:6379,two:6379`, or `rediss+cluster://`.
"""

from studium.adapters.cache.redis import RedisCache
from studium.core.ports import Cache


def open_cache(url: str, near: str = "\0") -> Cache:
    """`near`: how the keys begin whose values a process also keeps in its own memory."""
    return RedisCache(url, near)
