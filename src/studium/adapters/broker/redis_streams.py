"""The broker on Redis Streams: a stream and a consumer group per studium group.

Messages of a dead consumer stay pending; nobody claims them, because the sweeper sends the
delivery again from the database.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from studium.adapters.broker.consuming import running, unreachable
from studium.core.ports import Reference, Take

log = structlog.get_logger()

MAX_LENGTH = 100_000
"""Messages a stream keeps; older ones are dropped, and sent again by the sweeper if needed."""
BLOCK_MS = 2000
FINISH_SECONDS = 5.0
"""A consumer that leaves waits this long for its take, which may wait for a busy worker itself."""
CANCEL_AGAIN_SECONDS = 0.1
FIELD = b"delivery"


def _stream(group: str) -> str:
    return f"studium.{group}"


class RedisStreams:
    def __init__(self, url: str) -> None:
        self._url = url
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)

    async def publish(self, references: Sequence[Reference]) -> None:
        with reaching():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for reference in references:
                    fields = {FIELD: reference.delivery_id.bytes}
                    stream = _stream(reference.group)
                    pipeline.xadd(stream, fields, maxlen=MAX_LENGTH, approximate=True)  # type: ignore[arg-type]
                await pipeline.execute()

    def consume(self, group: str, take: Take) -> AbstractAsyncContextManager[None]:
        return running(_Consumer(self._url, group, take))

    async def waiting(self, group: str) -> int:
        stream = _stream(group)
        with reaching():
            if not await self._redis.exists(stream):
                return 0
            groups = await self._redis.xinfo_groups(stream)
            if not groups:  # no consumer has ever come
                return int(await self._redis.xlen(stream))
        return sum(int(each["lag"] or 0) for each in groups)

    async def ping(self) -> None:
        with reaching():
            await self._redis.ping()

    async def close(self) -> None:
        await self._redis.aclose()


@contextmanager
def reaching() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise unreachable() from error


class _Consumer:
    """Reads one message, lets it be taken, acknowledges, reads the next."""

    def __init__(self, url: str, group: str, take: Take) -> None:
        # A connection of its own: a blocking read holds it.
        self._redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2)
        self._stream = _stream(group)
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
                while not self._stopping:
                    await self._next()
                    pause = 0.1
            except Exception as error:  # noqa: BLE001 - a consumer that ends unseen takes nothing
                if not str(error).startswith("NOGROUP"):  # emptied: join again
                    log.warning("broker.reconnecting", group=self._group, error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """The take in hand may finish, no other starts; what is not taken stays pending."""
        self._stopping = True
        if self._taking:
            await asyncio.wait({consuming}, timeout=FINISH_SECONDS)
        while not consuming.done():  # Python 3.11's wait_for inside redis-py may lose a cancel
            consuming.cancel()
            await asyncio.wait({consuming}, timeout=CANCEL_AGAIN_SECONDS)
        with suppress(RedisError, OSError):
            await self._redis.xgroup_delconsumer(self._stream, self._group, self._name)
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _join(self) -> None:
        try:
            await self._redis.xgroup_create(self._stream, self._group, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # it exists
                raise

    async def _next(self) -> None:
        answer: Any = await self._redis.xreadgroup(
            self._group, self._name, {self._stream: ">"}, count=1, block=BLOCK_MS
        )
        for _, entries in answer or []:
            for message_id, fields in entries:
                if not self._stopping and await self._taken(fields):
                    await self._redis.xack(self._stream, self._group, message_id)

    async def _taken(self, fields: dict[bytes, bytes]) -> bool:
        """False leaves the message pending. Anything but a reference is not ours: away with it."""
        try:
            reference = Reference(UUID(bytes=fields[FIELD]), self._group)
        except (KeyError, ValueError):
            log.warning("broker.not_a_reference", group=self._group)
            return True
        self._taking = True
        try:
            await self._take(reference)
        except Exception:
            log.warning("broker.take_failed", group=self._group, exc_info=True)
            return False
        finally:
            self._taking = False
        return True
