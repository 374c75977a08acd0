"""The cache on Redis or Valkey. While it is down it answers like an empty one."""

import time
from typing import Any
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError

from studium.adapters.cache.buckets import DRAW, Bucket, Buckets, answered, arguments
from studium.adapters.cache.clients import open_client
from studium.adapters.cache.counters import Counters
from studium.adapters.cache.near import Far, Near
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Drawn

log = structlog.get_logger()

TIMEOUT_SECONDS = 0.5
UNREACHABLE = (RedisError, RedisClusterException, OSError)
PAUSE_SECONDS = 2.0
"""During an outage one call per pause asks; the others cost no time-out."""

# The counter and its expiry in one step, so that no counter stays for ever.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""

# Kept only while the claim is the caller's; both keys lie in one slot of a cluster.
_FILL = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_UNREACHED = object()


class RedisCache:
    def __init__(self, url: str, near: str) -> None:
        self._redis = open_client(url, TIMEOUT_SECONDS)
        self._near = Near(self._redis, near) if isinstance(self._redis, Redis) else Far()
        self._down = False
        self._silent_until = 0.0
        self._counters = Counters()
        self._buckets = Buckets()

    async def get(self, key: str) -> bytes | None:
        return await self._near.get(key, lambda: self._far(key))

    async def _far(self, key: str) -> bytes | None:
        return _bytes(await self._or(None, lambda: self._redis.get(key)))

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        await self._or(None, lambda: self._redis.set(key, value, ex=ttl_seconds))
        self._near.values.drop(key)

    async def claim(self, key: str, ttl_seconds: int) -> str | None:
        claim = uuid4().hex
        got = await self._or(
            _UNREACHED, lambda: self._redis.set(_claimed(key), claim, nx=True, ex=ttl_seconds)
        )
        return claim if got else None

    async def fill(self, key: str, value: bytes, ttl_seconds: int, claim: str) -> None:
        await self._or(
            None,
            lambda: self._redis.eval(_FILL, 2, key, _claimed(key), claim, value, ttl_seconds),
        )
        self._near.values.drop(key)

    async def release(self, key: str, claim: str) -> None:
        await self._or(None, lambda: self._redis.eval(_RELEASE, 1, _claimed(key), claim))

    async def take(self, key: str) -> bytes | None:
        return _bytes(await self._or(None, lambda: self._redis.getdel(key)))

    async def forget(self, *keys: str) -> None:
        if keys:
            claims = [_claimed(key) for key in keys]
            await self._or(None, lambda: self._redis.delete(*keys, *claims))
            for key in keys:
                self._near.values.drop(key)

    async def count(self, key: str, ttl_seconds: int) -> int:
        counted = await self._or(None, lambda: self._redis.eval(_COUNT, 1, key, ttl_seconds))
        return int(counted) if counted is not None else self._counters.count(key, ttl_seconds)

    async def draw(self, key: str, most: int, seconds: int, now: float) -> Drawn:
        bucket = Bucket.of(most, seconds)
        told = arguments(bucket, now)
        answer = await self._or(None, lambda: self._redis.eval(DRAW, 1, key, *told))
        return answered(bucket, answer) if answer else self._buckets.draw(key, bucket, now)

    async def ping(self) -> None:
        try:
            await self._redis.ping()
        except UNREACHABLE as error:
            raise EngineUnavailableError(
                "The cache cannot be reached; Studium works on without it, slower."
            ) from error

    async def close(self) -> None:
        await self._near.close()
        await self._redis.aclose()

    async def _or(self, fallback: Any, call: Any) -> Any:
        if self._down:
            now = time.monotonic()
            if now < self._silent_until:
                return fallback
            self._silent_until = now + PAUSE_SECONDS  # this call asks, the next do not
        try:
            answer = await call()
        except UNREACHABLE as error:
            self._fell(error)
            return fallback
        self._rose()
        return answer

    def _fell(self, error: Exception) -> None:
        self._silent_until = time.monotonic() + PAUSE_SECONDS
        if not self._down:
            self._down = True
            log.warning("cache.down", error=str(error))

    def _rose(self) -> None:
        if self._down:
            self._down = False
            log.info("cache.back")


def _claimed(key: str) -> str:
    """In the slot of the key: what stands in braces decides (Redis cluster specification)."""
    return f"claim:{{{key}}}"


def _bytes(answer: Any) -> bytes | None:
    return answer if isinstance(answer, bytes) else None
