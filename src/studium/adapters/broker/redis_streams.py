"""The broker on Redis Streams: a stream and a consumer group per studium group.

Messages of a dead consumer stay pending; nobody claims them, because the sweeper sends the
delivery again from the database.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from studium.core.errors import EngineUnavailableError
from studium.core.ports import Reference, Take

log = structlog.get_logger()

MAX_LENGTH = 100_000
BLOCK_MS = 2000
FIELD = b"delivery"


def _stream(group: str) -> str:
    return f"studium.{group}"


class RedisStreams:
    def __init__(self, url: str) -> None:
        self._url = url
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)

    async def publish(self, references: Sequence[Reference]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for reference in references:
                    fields = {FIELD: reference.delivery_id.bytes}
                    stream = _stream(reference.group)
                    pipeline.xadd(stream, fields, maxlen=MAX_LENGTH, approximate=True)  # type: ignore[arg-type]
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise _down() from error

    @asynccontextmanager
    async def consume(self, group: str, take: Take) -> AsyncIterator[None]:
        consumer = _Consumer(self._url, group, take)
        consuming = asyncio.create_task(consumer.run())
        try:
            yield
        finally:
            await consumer.stop(consuming)

    async def waiting(self, group: str) -> int:
        try:
            groups = await self._redis.xinfo_groups(_stream(group))
        except ResponseError:  # no stream yet
            return 0
        except (RedisError, OSError) as error:
            raise _down() from error
        return sum(int(each["lag"] or 0) for each in groups)

    async def ping(self) -> None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            raise _down() from error

    async def close(self) -> None:
        await self._redis.aclose()


def _down() -> EngineUnavailableError:
    return EngineUnavailableError("The broker cannot be reached; jobs wait and nothing is lost.")


class _Consumer:
    """Reads one message, lets it be taken, acknowledges, reads the next."""

    def __init__(self, url: str, group: str, take: Take) -> None:
        # A connection of its own: a blocking read holds it.
        self._redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2)
        self._group = group
        self._take = take
        self._name = uuid4().hex
        self._taking = False
        self._stopping = False

    async def run(self) -> None:
        pause = 0.1
        while not self._stopping:
            try:
                await self._join()
                pause = 0.1
                while not self._stopping:
                    await self._next()
            except (RedisError, OSError) as error:
                if not str(error).startswith("NOGROUP"):  # emptied: join again at once
                    log.warning("broker.reconnecting", group=self._group, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _join(self) -> None:
        with suppress(ResponseError):  # BUSYGROUP: it exists
            await self._redis.xgroup_create(_stream(self._group), self._group, "0", mkstream=True)

    async def _next(self) -> None:
        stream = _stream(self._group)
        answer: Any = await self._redis.xreadgroup(
            self._group, self._name, {stream: ">"}, count=1, block=BLOCK_MS
        )
        for _, entries in answer or []:
            for message_id, fields in entries:
                await self._hand_over(message_id, fields)

    async def _hand_over(self, message_id: bytes, fields: dict[bytes, bytes]) -> None:
        reference = Reference(UUID(bytes=fields[FIELD]), self._group)
        self._taking = True
        try:
            await self._take(reference)
        except Exception:
            log.warning("broker.take_failed", group=self._group, exc_info=True)
            return
        finally:
            self._taking = False
        await self._redis.xack(_stream(self._group), self._group, message_id)

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """No new message is taken. One that waits for a free slot is let go: it stays pending."""
        self._stopping = True
        consuming.cancel()
        with suppress(asyncio.CancelledError):
            await consuming
        with suppress(RedisError, OSError):
            await self._redis.aclose()
