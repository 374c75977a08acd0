"""Reads through the cache. Keys carry the organisation or account they belong to.

Who misses a value claims it, loads it and fills it in; whoever else misses it meanwhile, in this
process or another, waits for that load, so a thousand misses are one read of the database. What is
forgotten takes its claim along: a load that began before a change cannot fill in what it has read.
(Leases: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.)
"""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from pydantic import TypeAdapter

from studium.core.ports import Cache
from studium.runtime import telemetry

log = structlog.get_logger()

Value = TypeVar("Value")
PREFIX = "kept:"
"""Of every key here, so that an adapter knows which values it may keep near."""
FRESH_SECONDS = 60
"""Beyond, a value is given out once more while it is loaded anew. What changes is forgotten at
once; this is for what was changed while the cache could not be told."""
KEPT_SECONDS = 600
CHANGING_SECONDS = 1
"""What is about to change is kept for so long and not given out beyond."""
CLAIM_SECONDS = 3
"""A load that takes longer, or whose process died, is waited for no longer."""
LOOK_SECONDS = 0.02
_TIMES = struct.Struct(">dd")
"""Before each value: until when it is fresh, and given out at all, in Unix time."""

Place = tuple[Cache, str, Hashable]
"""Where a value is kept, and who loads it."""
_loading: dict[Place, asyncio.Task[Any]] = {}
"""Of this process."""


def _never(_value: Any) -> bool:
    return False


async def cached(
    cache: Cache, key: str, shape: TypeAdapter[Value], load: Callable[[], Awaitable[Value]]
) -> Value:
    """The value under `key`, loaded and kept where it is missing."""
    return shape.validate_json(await cached_json(cache, key, shape, load))


async def cached_json(
    cache: Cache,
    key: str,
    shape: TypeAdapter[Value],
    load: Callable[[], Awaitable[Value]],
    changing: Callable[[Value], bool] = _never,
    loader: Hashable = None,
) -> bytes:
    """The same as it is kept, for whoever only hands it on.

    `changing`: of a value that says itself that another follows soon; it is kept for a moment only.
    `loader`: for a load that not everybody may make; one that fails is told to the same only.
    """
    flight = partial(_joined, (cache, key, loader), shape, load, changing)
    kept = await cache.get(PREFIX + key)
    now = time.time()
    fresh_until, until = _TIMES.unpack_from(kept) if kept else (0.0, 0.0)
    telemetry.cached_read(hit=now <= until)
    if kept is None or now > until:
        # A caller that gives up does not end what the others wait for.
        return shape.dump_json(await asyncio.shield(flight()))
    if now > fresh_until:
        flight().add_done_callback(_reported)
    return kept[_TIMES.size :]


async def forget(cache: Cache, *keys: str) -> None:
    """After the commit: what is asked from now on waits for no load that began before it."""
    for place in [each for each in _loading if each[0] is cache and each[1] in keys]:
        del _loading[place]
    await cache.forget(*(PREFIX + key for key in keys))


def _joined(
    place: Place,
    shape: TypeAdapter[Value],
    load: Callable[[], Awaitable[Value]],
    changing: Callable[[Value], bool],
) -> asyncio.Task[Value]:
    """The load of this process that runs, or a new one."""
    if place not in _loading:
        _loading[place] = asyncio.create_task(_Flight(place, shape, load, changing).run())
    return _loading[place]


def _reported(flight: asyncio.Task[Any]) -> None:
    """Nobody waits for it, and the old value was good enough."""
    if not flight.cancelled() and (error := flight.exception()):
        log.warning("cache.not_refreshed", error=str(error))


class _Flight(Generic[Value]):
    """One load of a value, for all who want it."""

    def __init__(
        self,
        place: Place,
        shape: TypeAdapter[Value],
        load: Callable[[], Awaitable[Value]],
        changing: Callable[[Value], bool],
    ) -> None:
        self._place = place
        self._cache, key, _ = place
        self._key = PREFIX + key
        self._shape = shape
        self._load = load
        self._changing = changing

    async def run(self) -> Value:
        me = asyncio.current_task()
        try:
            return await self._loaded_or_filled()
        finally:
            if _loading.get(self._place) is me:
                del _loading[self._place]

    async def _loaded_or_filled(self) -> Value:
        claim = await self._cache.claim(self._key, CLAIM_SECONDS)
        if claim is None:
            claim, filled = await self._filled_elsewhere()
            if filled is not None:
                return filled
        try:
            value = await self._load()
        except BaseException:
            if claim:
                await self._cache.release(self._key, claim)
            raise
        if claim:
            await self._keep(value, claim)
        return value

    async def _filled_elsewhere(self) -> tuple[str | None, Value | None]:
        """What another process loads, or the claim that it gave up. Neither: it takes too long."""
        until = time.monotonic() + CLAIM_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            # First the claim: who looks first may miss the value that came in between.
            claim = await self._cache.claim(self._key, CLAIM_SECONDS)
            kept = await self._cache.get(self._key)
            if kept is not None and time.time() <= _TIMES.unpack_from(kept)[1]:
                if claim:
                    await self._cache.release(self._key, claim)
                return None, self._shape.validate_json(kept[_TIMES.size :])
            if claim:
                return claim, None
        return None, None

    async def _keep(self, value: Value, claim: str) -> None:
        changes = self._changing(value)
        fresh, ends = (CHANGING_SECONDS,) * 2 if changes else (FRESH_SECONDS, KEPT_SECONDS)
        now = time.time()
        kept = _TIMES.pack(now + fresh, now + ends) + self._shape.dump_json(value)
        await self._cache.fill(self._key, kept, ends, claim)
