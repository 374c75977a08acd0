"""Reads through the cache. Keys carry the organisation or account they belong to.

Who misses a value claims it, loads it and fills it in; whoever else misses it meanwhile, in this
process or another, waits for that load, so a thousand misses are one read of the database. What is
forgotten takes its claim along: a load that began before a change cannot fill in what it has read.
(Leases: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.)
"""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import structlog
from pydantic import TypeAdapter

from studium.core.ports import Cache

log = structlog.get_logger()

Value = TypeVar("Value")
PREFIX = "kept:"
"""Of every key here, so that an adapter knows which values it may keep near."""
FRESH_SECONDS = 60
"""Beyond, a value is given out once more while it is loaded anew. What changes is forgotten at
once; this is for what was changed while the cache could not be told."""
KEPT_SECONDS = 600
CLAIM_SECONDS = 3
"""A load that takes longer, or whose process died, is waited for no longer."""
LOOK_SECONDS = 0.02
_FRESH_UNTIL = struct.Struct(">d")
"""Before each value: until when it is fresh, in Unix time."""

_loading: dict[tuple[Cache, str], asyncio.Task[Any]] = {}
"""Of this process, by the key that is loaded."""


async def cached(
    cache: Cache, key: str, shape: TypeAdapter[Value], load: Callable[[], Awaitable[Value]]
) -> Value:
    """The value under `key`, loaded and kept where it is missing."""
    return shape.validate_json(await cached_json(cache, key, shape, load))


async def cached_json(
    cache: Cache, key: str, shape: TypeAdapter[Value], load: Callable[[], Awaitable[Value]]
) -> bytes:
    """The same as it is kept, for whoever only hands it on."""
    kept = await cache.get(PREFIX + key)
    if kept is None:
        # A caller that gives up does not end what the others wait for.
        return shape.dump_json(await asyncio.shield(_joined(cache, key, shape, load)))
    (fresh_until,) = _FRESH_UNTIL.unpack_from(kept)
    if time.time() > fresh_until:
        _joined(cache, key, shape, load).add_done_callback(_reported)
    return kept[_FRESH_UNTIL.size :]


async def forget(cache: Cache, *keys: str) -> None:
    """After the commit: what is asked from now on waits for no load that began before it."""
    for key in keys:
        _loading.pop((cache, key), None)
    await cache.forget(*(PREFIX + key for key in keys))


def _joined(
    cache: Cache, key: str, shape: TypeAdapter[Value], load: Callable[[], Awaitable[Value]]
) -> asyncio.Task[Value]:
    """The load of this process that runs, or a new one."""
    place = (cache, key)
    if place not in _loading:
        _loading[place] = asyncio.create_task(_Flight(place, shape, load).run())
    return _loading[place]


def _reported(flight: asyncio.Task[Any]) -> None:
    """Nobody waits for it, and the old value was good enough."""
    if not flight.cancelled() and (error := flight.exception()):
        log.warning("cache.not_refreshed", error=str(error))


class _Flight(Generic[Value]):
    """One load of a value, for all who want it."""

    def __init__(
        self,
        place: tuple[Cache, str],
        shape: TypeAdapter[Value],
        load: Callable[[], Awaitable[Value]],
    ) -> None:
        self._place = place
        self._cache, key = place
        self._key = PREFIX + key
        self._shape = shape
        self._load = load

    async def run(self) -> Value:
        me = asyncio.current_task()
        try:
            claim = await self._cache.claim(self._key, CLAIM_SECONDS)
            if claim is None:
                filled = await self._filled_elsewhere()
                if filled is not None:
                    return filled
            value = await self._load()
        finally:
            if _loading.get(self._place) is me:
                del _loading[self._place]
        if claim is not None:
            kept = _FRESH_UNTIL.pack(time.time() + FRESH_SECONDS) + self._shape.dump_json(value)
            await self._cache.fill(self._key, kept, KEPT_SECONDS, claim)
        return value

    async def _filled_elsewhere(self) -> Value | None:
        """What another process loads. None: it takes too long, or has ended."""
        until = time.monotonic() + CLAIM_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            kept = await self._cache.get(self._key)
            if kept is not None:
                return self._shape.validate_json(kept[_FRESH_UNTIL.size :])
        return None
