"""The cache on Redis or Valkey. While it is down it answers like an empty one."""

import time
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from studium.core.errors import EngineUnavailableError

log = structlog.get_logger()

TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 2.0
"""After a failure nobody asks again for this long: a dead cache costs no time-outs."""

# The counter and its expiry in one step, so that no counter stays for ever.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""


class RedisCache:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        self._silent_until = 0.0
        self._counters: dict[str, tuple[float, int]] = {}

    async def get(self, key: str) -> bytes | None:
        return _bytes(await self._or(None, lambda: self._redis.get(key)))

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        await self._or(None, lambda: self._redis.set(key, value, ex=ttl_seconds))

    async def take(self, key: str) -> bytes | None:
        return _bytes(await self._or(None, lambda: self._redis.getdel(key)))

    async def forget(self, *keys: str) -> None:
        if keys:
            await self._or(None, lambda: self._redis.delete(*keys))

    async def count(self, key: str, ttl_seconds: int) -> int:
        counted = await self._or(None, lambda: self._redis.eval(_COUNT, 1, key, ttl_seconds))
        return int(counted) if counted is not None else self._count_here(key, ttl_seconds)

    def _count_here(self, key: str, ttl_seconds: int) -> int:
        ends, number = self._counters.get(key, (0.0, 0))
        now = time.monotonic()
        if ends < now:
            ends, number = now + ttl_seconds, 0
        self._counters[key] = (ends, number + 1)
        return number + 1

    async def ping(self) -> None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            raise EngineUnavailableError(
                "The cache cannot be reached; Studium works on without it, slower."
            ) from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _or(self, fallback: Any, call: Any) -> Any:
        if time.monotonic() < self._silent_until:
            return fallback
        try:
            return await call()
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            log.warning("cache.down", error=str(error))
            return fallback


def _bytes(answer: Any) -> bytes | None:
    return answer if isinstance(answer, bytes) else None
