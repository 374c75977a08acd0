"""Values that this process read lately, until the engine says that one has changed.

Client-side caching in broadcasting mode (CLIENT TRACKING, Redis ≥ 6 and Valkey): one connection
hears of each key below a prefix that any process writes, removes or lets expire. Without that
connection nothing is near, and every read goes to the engine.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

MOST_BYTES = 32 * 2**20
BEAT_SECONDS = 1.0
"""How long silence is believed; a dead connection is found after two."""
PAUSE_SECONDS = 2.0
Load = Callable[[], Awaitable[bytes | None]]


class Values:
    """The bytes by key, the least recently used go first. Not a word of any engine."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._loading: dict[str, object] = {}

    def find(self, key: str) -> bytes | None:
        value = self._kept.get(key)
        if value is not None:
            self._kept.move_to_end(key)
        return value

    async def load(self, key: str, load: Load) -> bytes | None:
        """Kept only if the key was not dropped in the meantime: the answer may be older than the
        word that it is stale.
        """
        mark = self._loading[key] = object()
        try:
            value = await load()
            if value is not None and self._loading.get(key) is mark:
                self._keep(key, value)
            return value
        finally:
            if self._loading.get(key) is mark:
                del self._loading[key]

    def _keep(self, key: str, value: bytes) -> None:
        self.drop(key)
        if len(value) > self._most // 8:
            return
        self._kept[key] = value
        self._bytes += len(value)
        while self._bytes > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)

    def drop(self, key: str) -> None:
        self._loading.pop(key, None)
        self._bytes -= len(self._kept.pop(key, b""))

    def clear(self) -> None:
        self._loading.clear()
        self._kept.clear()
        self._bytes = 0


class Far:
    """Nothing is near: of a cluster each node would have to be heard."""

    def __init__(self) -> None:
        self.values = Values(0)

    async def get(self, _key: str, load: Load) -> bytes | None:
        return await load()

    async def close(self) -> None:
        """There is nothing to close."""


class Near:
    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self.values = Values()
        self._hearing = False
        self._listener: asyncio.Task[None] | None = None

    async def get(self, key: str, load: Load) -> bytes | None:
        if not key.startswith(self._prefix):
            return await load()
        if not self._hearing:
            self._listener = self._listener or asyncio.create_task(self._listen())
            return await load()
        value = self.values.find(key)
        return value if value is not None else await self.values.load(key, load)

    async def close(self) -> None:
        while self._listener and not self._listener.done():  # see `fanout`: a cancel may be lost
            self._listener.cancel()
            await asyncio.wait({self._listener}, timeout=0.1)

    async def _listen(self) -> None:
        while True:
            connection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            with suppress(RedisError, OSError, TimeoutError):
                await self._hear(connection)
            self._hearing = False
            self.values.clear()
            await connection.disconnect(nowait=True)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _hear(self, connection: AbstractConnection) -> None:
        """Until the connection is lost or silent. Raises what the client raises then."""
        await connection.connect()  # type: ignore[no-untyped-call]
        # Without a handler the client throws the word away; it has no public way to set one.
        parser = connection._get_push_notifications_parser()  # noqa: SLF001
        parser.set_invalidation_push_handler(self._changed)  # type: ignore[no-untyped-call]
        await connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", self._prefix)
        await connection.read_response()
        self._hearing = True
        while True:
            if not await _heard(connection):
                await connection.send_command("PING")
                if not await _heard(connection):
                    return

    async def _changed(self, word: Any) -> Any:
        """`[b"invalidate", keys]`; no keys: all of them, as after FLUSHALL."""
        if word[1] is None:
            self.values.clear()
        for key in word[1] or ():
            self.values.drop(key.decode())
        return word


async def _heard(connection: AbstractConnection) -> bool:
    """Whether there was a word within a beat."""
    word = await connection.read_response(timeout=BEAT_SECONDS, push_request=True)
    return word is not None
