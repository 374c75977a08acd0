"""Reads through the cache. Keys carry the organisation or account they belong to."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from studium.core.ports import Cache

Value = TypeVar("Value")
PREFIX = "kept:"
"""Of every key here, so that an adapter knows which values it may keep near."""

_loading: dict[tuple[Cache, str], asyncio.Task[Any]] = {}
"""Of this process. Who comes while a value is being loaded waits for the same load: else a cache
that is slow or empty for a moment hands every request on to the database, which then is slow too.
"""


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
    place = (cache, key)
    if place not in _loading:
        _loading[place] = asyncio.create_task(_load(place, shape, load, ttl_seconds))
    # A caller that gives up does not end what the others wait for.
    return cast("Value", await asyncio.shield(_loading[place]))


async def _load(
    place: tuple[Cache, str],
    shape: TypeAdapter[Value],
    load: Callable[[], Awaitable[Value]],
    ttl_seconds: int,
) -> Value:
    cache, key = place
    me = asyncio.current_task()
    fresh = False
    try:
        value = await load()
        fresh = _loading.get(place) is me
    finally:
        # Before it is kept: what is asked from now on may have changed since the load began.
        if _loading.get(place) is me:
            del _loading[place]
    if fresh:
        await cache.put(PREFIX + key, shape.dump_json(value), ttl_seconds)
    return value


async def forget(cache: Cache, *keys: str) -> None:
    """After the commit: a load that runs has begun before it, so what it brings is not kept."""
    for key in keys:
        _loading.pop((cache, key), None)
    await cache.forget(*(PREFIX + key for key in keys))
