"""The broker on RabbitMQ: a quorum queue per studium group, on the default exchange.

A queue that is missing, as on an emptied broker, is declared by whoever meets that first. The
broker gives the message of a dead consumer to another, and what it drops the sweeper sends again
from the database.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from uuid import UUID

import structlog
from aio_pika import DeliveryMode, Message, connect
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
)
from aiormq.abc import DeliveredMessage

from studium.adapters.broker.consuming import running, unreachable
from studium.core.ports import Reference, Take

log = structlog.get_logger()
for library in ("aiormq", "aio_pika"):  # each loss is told here, once
    logging.getLogger(library).setLevel(logging.CRITICAL)

Arguments = dict[str, str | int]
Addressed = tuple[str, bytes]
"""A queue, and what is put there."""
ARGUMENTS: Arguments = {
    "x-queue-type": "quorum",
    "x-max-length": 100_000,
    # Refusing what is new instead would fail the relay's batch, and so hold every other group.
    "x-overflow": "drop-head",
    "x-delivery-limit": 20,
}
HEARTBEAT_SECONDS = 10
"""A connection that says nothing for thrice this time is dead."""
QUIET_HEARTBEATS = 3
"""A consumer that got nothing for this time subscribes anew: RabbitMQ 3.10 tells it nothing when
its queue is deleted and at once declared again.
"""
CALL_SECONDS, CLOSE_SECONDS = 5.0, 1.0
FINISH_SECONDS = 5.0
"""A consumer that leaves waits this long for its take, which may wait for a busy worker itself."""
CANCEL_AGAIN_SECONDS = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


def queue_of(group: str) -> str:
    return f"studium.{group}"


class RabbitMQ:
    """Keeps its channels: aio-pika forgets some kilobytes with each one that a connection opens."""

    def __init__(self, url: str, heartbeat_seconds: int = HEARTBEAT_SECONDS) -> None:
        self._url = url
        self._heartbeat = heartbeat_seconds
        self._connection: AbstractConnection | None = None
        self._publishing: AbstractChannel | None = None
        self._asking: AbstractChannel | None = None
        self._opening, self._question = asyncio.Lock(), asyncio.Lock()

    async def publish(self, references: Sequence[Reference]) -> None:
        messages = [(queue_of(each.group), each.delivery_id.bytes) for each in references]
        await self.send(messages, ARGUMENTS)

    async def send(self, messages: Sequence[Addressed], arguments: Arguments) -> None:
        """Returns once the broker has confirmed all; a queue that is missing gets `arguments`."""
        async with self._reaching() as (connection, publishing):
            pause = FIRST_PAUSE
            while messages := await _send(publishing, messages):
                await asyncio.sleep(pause)  # for a deleted queue to tell its consumers
                pause *= 2
                for queue in {queue for queue, _ in messages}:
                    await declare(connection, queue, arguments)

    def consume(self, group: str, take: Take) -> AbstractAsyncContextManager[None]:
        return running(_Consumer(self._url, self._heartbeat, group, take))

    async def waiting(self, group: str) -> int:
        async with self._reaching() as (connection, _), self._question:
            if not self._asking or self._asking.is_closed:  # as after each missing queue
                self._asking = await channel_of(connection)
            try:
                queue = await self._asking.declare_queue(queue_of(group), passive=True)
            except ChannelNotFoundEntity:
                return 0
            return queue.declaration_result.message_count or 0

    async def ping(self) -> None:
        async with self._reaching() as (_, publishing):
            await publishing.set_qos()  # any call that is answered

    async def close(self) -> None:
        await leave(self._connection)

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[tuple[AbstractConnection, AbstractChannel]]:
        """The connection and its channel that confirms. Both are made anew after a failure."""
        used: AbstractConnection | None = None
        try:
            async with asyncio.timeout(CALL_SECONDS):
                used, publishing = await self._opened()
                yield used, publishing
        except CONNECTION_EXCEPTIONS as error:
            if used is self._connection:  # another call may have renewed it
                self._publishing = None
                await leave(used)
            raise unreachable() from error

    async def _opened(self) -> tuple[AbstractConnection, AbstractChannel]:
        async with self._opening:
            if not self._connection or not self._publishing or self._publishing.is_closed:
                await leave(self._connection)
                self._publishing = self._asking = None
                self._connection = await connect(self._url, heartbeat=self._heartbeat)
                self._publishing = await channel_of(self._connection, confirms=True)
            return self._connection, self._publishing


async def channel_of(connection: AbstractConnection, *, confirms: bool = False) -> AbstractChannel:
    channel = connection.channel(publisher_confirms=confirms)
    await channel.initialize()
    return channel


async def leave(connection: AbstractConnection | None) -> None:
    """What it did not take leave of in time goes on leaving by itself."""
    if connection:
        with suppress(*CONNECTION_EXCEPTIONS):
            async with asyncio.timeout(CLOSE_SECONDS):
                await connection.close()


async def declare(connection: AbstractConnection, queue: str, arguments: Arguments) -> None:
    """A queue with other arguments, as of another version or the operator's, is used as it is; the
    broker closes the channel that declares it.
    """
    with suppress(ChannelPreconditionFailed):
        channel = await channel_of(connection)
        await channel.declare_queue(queue, durable=True, arguments=dict(arguments))
        await channel.close()


async def _send(channel: AbstractChannel, messages: Sequence[Addressed]) -> list[Addressed]:
    """Those that no queue took."""
    taken = await asyncio.gather(*(_confirmed(channel, *each) for each in messages))
    return [each for each, is_taken in zip(messages, taken, strict=True) if not is_taken]


async def _confirmed(channel: AbstractChannel, queue: str, body: bytes) -> bool:
    """Returned where there is no queue; refused by a queue that is just made or has no leader."""
    message = Message(body, delivery_mode=DeliveryMode.PERSISTENT)
    try:
        answer = await channel.default_exchange.publish(message, queue, mandatory=True)
    except DeliveryError:
        return False
    return not isinstance(answer, DeliveredMessage)


class _Consumer:
    """Gets one message, lets it be taken, acknowledges, gets the next."""

    def __init__(self, url: str, heartbeat_seconds: int, group: str, take: Take) -> None:
        self._url = url
        self._heartbeat = heartbeat_seconds
        self._group = group
        self._take = take
        # Of its own: the broker stops reading from one that publishes when it runs short of space.
        self._connection: AbstractConnection | None = None
        self._pause = FIRST_PAUSE
        self._taking = False
        self._stopping = False

    async def run(self) -> None:
        while not self._stopping:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    messages = await self._subscribe()
                self._pause = FIRST_PAUSE
                await self._work(messages)
            except Exception as error:  # noqa: BLE001 - a consumer that ends unseen takes nothing
                log.warning("broker.reconnecting", group=self._group, error=repr(error))
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """The take in hand may finish, no other starts; closing gives back what is not taken."""
        self._stopping = True
        if self._taking:
            await asyncio.wait({consuming}, timeout=FINISH_SECONDS)
        while not consuming.done():  # Python 3.11's wait_for inside aiormq may lose a cancel
            consuming.cancel()
            await asyncio.wait({consuming}, timeout=CANCEL_AGAIN_SECONDS)
        await leave(self._connection)

    async def _subscribe(self) -> "asyncio.Queue[AbstractIncomingMessage | None]":
        """Messages, one at a time, and None when no other will come."""
        await leave(self._connection)
        self._connection = await connect(self._url, heartbeat=self._heartbeat)
        await declare(self._connection, queue_of(self._group), ARGUMENTS)
        channel = await channel_of(self._connection)
        await channel.set_qos(prefetch_count=1)
        messages: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        channel.close_callbacks.add(lambda *_: messages.put_nowait(None))
        told = (await channel.get_underlay_channel()).on_consumer_cancel_callbacks
        told.add(lambda _: messages.put_nowait(None))
        queue = await channel.get_queue(queue_of(self._group), ensure=False)
        await queue.consume(messages.put)
        return messages

    async def _work(self, messages: "asyncio.Queue[AbstractIncomingMessage | None]") -> None:
        """Returns when nothing came for a while. Raises when nothing can come any more."""
        while not self._stopping:
            try:
                async with asyncio.timeout(self._heartbeat * QUIET_HEARTBEATS):
                    message = await messages.get()
            except TimeoutError:
                return
            if not message:
                raise ConnectionError("the broker ended the subscription")
            if not self._stopping:
                await self._handle(message)

    async def _handle(self, message: AbstractIncomingMessage) -> None:
        try:
            reference = Reference(UUID(bytes=message.body), self._group)
        except ValueError:
            log.warning("broker.not_a_reference", group=self._group)
            await message.reject()
            return
        self._taking = True
        try:
            await self._take(reference)
        except Exception:
            log.warning("broker.take_failed", group=self._group, exc_info=True)
            if not self._stopping:  # a worker that leaves gives it to another
                await message.reject()
        else:
            await message.ack()
        finally:
            self._taking = False
