"""Reads through the cache. Keys carry the organisation or account they belong to."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import TypeAdapter

from studium.core.ports import Cache

Value = TypeVar("Value")
PREFIX = "kept:"
"""Of every key here, so that an adapter knows which values it may keep near."""


async def cached(
    cache: Cache,
    key: str,
    shape: TypeAdapter[Value],
    load: Callable[[], Awaitable[Value]],
    ttl_seconds: int = 60,
) -> Value:
    """The value under `key`, loaded and kept where it is missing."""
    kept = await cache.get(PREFIX + key)
    if kept is not None:
        return shape.validate_json(kept)
    value = await load()
    await cache.put(PREFIX + key, shape.dump_json(value), ttl_seconds)
    return value


async def forget(cache: Cache, *keys: str) -> None:
    await cache.forget(*(PREFIX + key for key in keys))
