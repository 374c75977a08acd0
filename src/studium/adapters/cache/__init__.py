"""`open_cache(url)`: `redis://` or `rediss://` (Redis ≥ 7, Valkey)."""

from studium.adapters.cache.redis import RedisCache
from studium.core.ports import Cache


def open_cache(url: str) -> Cache:
    return RedisCache(url)
