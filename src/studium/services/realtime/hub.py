"""All WebSockets of this process share one fan-out connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from studium.core import topics
from studium.core.ports import FanOut, Subscription
from studium.runtime import telemetry
from studium.services.realtime.connection import Connection


class Hub:
    def __init__(self, fanout: FanOut) -> None:
        self._fanout = fanout
        self._topics: dict[str, set[Connection]] = {}
        self._subscription: Subscription | None = None
        self._changing = asyncio.Lock()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self._fanout.listen(self._deliver) as subscription:
            self._subscription = subscription
            yield

    @asynccontextmanager
    async def joined(self, connection: Connection) -> AsyncIterator[None]:
        """The connection hears its account's topic while the block lasts."""
        topic = topics.of_account(connection.account_id)
        await self._join(topic, connection)
        telemetry.websockets_open(+1)
        try:
            yield
        finally:
            telemetry.websockets_open(-1)
            await self._leave(topic, connection)

    async def _join(self, topic: str, connection: Connection) -> None:
        async with self._changing:
            listeners = self._topics.setdefault(topic, set())
            if not listeners and self._subscription:
                await self._subscription.add(topic)
            listeners.add(connection)

    async def _leave(self, topic: str, connection: Connection) -> None:
        async with self._changing:
            listeners = self._topics.get(topic, set())
            listeners.discard(connection)
            if not listeners:
                self._topics.pop(topic, None)
                if self._subscription:
                    await self._subscription.remove(topic)

    async def _deliver(self, topic: str, message: bytes) -> None:
        for connection in self._topics.get(topic, ()):
            connection.hear(message)
