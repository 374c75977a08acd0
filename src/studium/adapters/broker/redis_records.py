"""The event stream on Redis Streams. What is confirmed is deleted, so a stream is as long as what
is waiting, and nothing is ever cut off it.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from time import monotonic
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from studium.adapters.broker.batching import BATCH, BLOCK_SECONDS, BatchConsumer, stream_of
from studium.adapters.broker.consuming import running
from studium.adapters.broker.redis_streams import reaching
from studium.core.errors import EngineUnavailableError
from studium.core.ports import TakeBatch

MOST_WAITING = 500_000
"""With more, nothing is appended: Redis has its memory for others too."""
IDLE_MS = 10_000
"""A consumer that has confirmed nothing for so long is dead, or its batch is given twice."""
CLAIM_SECONDS = 3.0
GONE_MS = 24 * 3600 * 1000
FIELD = b"record"


class RedisRecords:
    def __init__(self, url: str) -> None:
        self._url = url
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._full = False

    async def append(self, group: str, records: Sequence[bytes]) -> None:
        """Raises `EngineUnavailableError` also where too much is waiting."""
        stream = f"studium.{stream_of(group)}"
        with reaching():
            if self._full and await self._redis.xlen(stream) > MOST_WAITING:
                raise EngineUnavailableError("Too much waits to be counted. Try again later.")
            async with self._redis.pipeline(transaction=False) as pipeline:
                for record in records:
                    pipeline.xadd(stream, {FIELD: record})
                pipeline.xlen(stream)
                *_, waiting = await pipeline.execute()
        self._full = waiting > MOST_WAITING

    def consume(self, group: str, take: TakeBatch) -> AbstractAsyncContextManager[None]:
        return running(BatchConsumer(_Source(self._url, group), group, take))

    async def close(self) -> None:
        await self._redis.aclose()


class _Source:
    def __init__(self, url: str, group: str) -> None:
        # A connection of its own: a blocking read holds it.
        self._redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2)
        self._stream = f"studium.{stream_of(group)}"
        self._group = group
        self._name = uuid4().hex
        self._ids: list[bytes] = []
        self._given_before = True
        self._claim_at = 0.0

    async def open(self) -> None:
        self._given_before = True
        try:
            await self._redis.xgroup_create(self._stream, self._group, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # it exists
                raise
        await self._clear_names()

    async def next(self) -> Sequence[bytes]:
        entries = await self._entries()
        self._ids = [each for each, _ in entries]
        # An entry without fields was deleted: confirmed by whom it had been given to before.
        records = [fields[FIELD] for _, fields in entries if fields and FIELD in fields]
        if entries and not records:
            await self.confirm()
        return records

    async def confirm(self) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(self._stream, self._group, *self._ids)
            pipeline.xdel(self._stream, *self._ids)
            await pipeline.execute()
        self._ids = []

    async def close(self) -> None:
        """With the name of a consumer would go the list of what it has not confirmed."""
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _clear_names(self) -> None:
        """Of consumers that have been gone for long, and had confirmed everything."""
        for each in await self._redis.xinfo_consumers(self._stream, self._group):
            if each["pending"] == 0 and each["idle"] > GONE_MS:
                name = each["name"]
                await self._redis.xgroup_delconsumer(self._stream, self._group, name)

    async def _entries(self) -> list[Any]:
        """What we failed at, what the dead have left, what is new: in this order."""
        if self._given_before:
            if entries := await self._read("0"):
                return entries
            self._given_before = False
        if monotonic() > self._claim_at:
            claimed: Any = await self._redis.xautoclaim(
                self._stream, self._group, self._name, IDLE_MS, count=BATCH
            )
            if claimed[1]:
                return list(claimed[1])
            self._claim_at = monotonic() + CLAIM_SECONDS
        return await self._read(">", int(BLOCK_SECONDS * 1000))

    async def _read(self, after: str, block_ms: int | None = None) -> list[Any]:
        answer: Any = await self._redis.xreadgroup(
            self._group, self._name, {self._stream: after}, count=BATCH, block=block_ms
        )
        return [entry for _, entries in answer or [] for entry in entries]
