"""The event stream on RabbitMQ: a quorum queue that drops nothing, acknowledged by the batch."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from aio_pika import connect
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from studium.adapters.broker.batching import BATCH, BLOCK_SECONDS, BatchConsumer, stream_of
from studium.adapters.broker.consuming import running
from studium.adapters.broker.rabbitmq import (
    CALL_SECONDS,
    HEARTBEAT_SECONDS,
    QUIET_HEARTBEATS,
    Arguments,
    RabbitMQ,
    channel_of,
    declare,
    leave,
    queue_of,
)
from studium.core.ports import TakeBatch

ARGUMENTS: Arguments = {
    "x-queue-type": "quorum",
    "x-max-length": 5_000_000,
    "x-overflow": "reject-publish",  # what is kept is older than what is refused
    "x-delivery-limit": 1_000_000,  # RabbitMQ 4 would drop a record after twenty
}
QUIET_SECONDS = HEARTBEAT_SECONDS * QUIET_HEARTBEATS
Messages = asyncio.Queue[AbstractIncomingMessage | None]


class RabbitRecords:
    def __init__(self, url: str) -> None:
        self._url = url
        self._rabbit = RabbitMQ(url)

    async def append(self, group: str, records: Sequence[bytes]) -> None:
        queue = queue_of(stream_of(group))
        await self._rabbit.send([(queue, each) for each in records], ARGUMENTS)

    def consume(self, group: str, take: TakeBatch) -> AbstractAsyncContextManager[None]:
        return running(BatchConsumer(_Source(self._url, group), group, take))

    async def close(self) -> None:
        await self._rabbit.close()


class _Source:
    def __init__(self, url: str, group: str) -> None:
        self._url = url
        self._queue = queue_of(stream_of(group))
        self._connection: AbstractConnection | None = None
        self._messages: Messages = asyncio.Queue()
        self._last: AbstractIncomingMessage | None = None
        self._quiet = 0.0

    async def open(self) -> None:
        async with asyncio.timeout(CALL_SECONDS):
            await leave(self._connection)
            self._quiet, self._last, self._messages = 0.0, None, asyncio.Queue()
            messages = self._messages
            self._connection = await connect(self._url, heartbeat=HEARTBEAT_SECONDS)
            await declare(self._connection, self._queue, ARGUMENTS)
            channel = await channel_of(self._connection)
            await channel.set_qos(prefetch_count=BATCH)
            channel.close_callbacks.add(lambda *_: messages.put_nowait(None))
            told = (await channel.get_underlay_channel()).on_consumer_cancel_callbacks
            told.add(lambda _: messages.put_nowait(None))
            queue = await channel.get_queue(self._queue, ensure=False)
            await queue.consume(messages.put)

    async def next(self) -> Sequence[bytes]:
        """Raises when nothing came for long: a queue that was deleted and declared anew says
        nothing to who listened to the old one.
        """
        given: list[AbstractIncomingMessage] = []
        try:
            async with asyncio.timeout(BLOCK_SECONDS):
                given.append(self._alive(await self._messages.get()))
        except TimeoutError:
            self._quiet += BLOCK_SECONDS
            if self._quiet > QUIET_SECONDS:
                raise ConnectionError("nothing came for long") from None
            return []
        while len(given) < BATCH and not self._messages.empty():
            given.append(self._alive(self._messages.get_nowait()))
        self._quiet, self._last = 0.0, given[-1]
        return [each.body for each in given]

    async def confirm(self) -> None:
        if self._last:
            await self._last.ack(multiple=True)

    async def close(self) -> None:
        """The broker gives to others what is not acknowledged."""
        await leave(self._connection)

    @staticmethod
    def _alive(message: AbstractIncomingMessage | None) -> AbstractIncomingMessage:
        if message is None:
            raise ConnectionError("the broker ended the subscription")
        return message
