"""All WebSockets of this process share one fan-out connection, and one look for what it lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from studium.core import topics
from studium.core.errors import EngineUnavailableError
from studium.core.ports import FanOut, Subscription
from studium.runtime.database import Database, Scope
from studium.runtime.websocket import text_frame
from studium.services.realtime import queries
from studium.services.realtime.backlog import Backlog
from studium.services.realtime.connection import Connection

log = structlog.get_logger()

LOOK_SECONDS = 60.0
"""A lost push is found after this (and at the next push, by its number)."""
LOOK_AT_ONCE = 500
BREATH = 500
"""Sockets that are written to before the other work of the process has its turn."""


class Hub:
    def __init__(self, fanout: FanOut, database: Database) -> None:
        self.backlog = Backlog(database)
        self._fanout = fanout
        self._database = database
        self._topics: dict[str, set[Connection]] = {}
        self._subscription: Subscription | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self._fanout.listen(self._deliver) as subscription:
            self._subscription = subscription
            looking = asyncio.create_task(self._look_forever())
            try:
                yield
            finally:
                looking.cancel()

    async def join(self, connection: Connection) -> None:
        """Returns once the connection hears its account's topic."""
        topic = topics.of_account(connection.account_id)
        self._topics.setdefault(topic, set()).add(connection)
        if self._subscription:
            await self._subscription.add(topic)

    def leave(self, connection: Connection) -> None:
        topic = topics.of_account(connection.account_id)
        listeners = self._topics.get(topic, set())
        listeners.discard(connection)
        if not listeners and self._topics.pop(topic, None) is not None and self._subscription:
            self._subscription.remove(topic)

    async def _deliver(self, topic: str, message: bytes) -> None:
        number, frame = json.loads(message).get("id"), text_frame(message)
        for place, connection in enumerate(tuple(self._topics.get(topic, ())), start=1):
            connection.push(number, frame)
            if place % BREATH == 0:
                await asyncio.sleep(0)

    # ── what the fan-out lost ─────────────────────────────────────────────────────────────────
    async def _look_forever(self) -> None:
        while True:
            accounts = {each.account_id for some in self._topics.values() for each in some}
            asked = list(accounts)
            pieces = [asked[at : at + LOOK_AT_ONCE] for at in range(0, len(asked), LOOK_AT_ONCE)]
            for piece in pieces:
                await asyncio.sleep(LOOK_SECONDS / len(pieces))
                await self._look(piece)
            if not pieces:
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, accounts: list[UUID]) -> None:
        try:
            async with self._database.transaction(Scope()) as session:
                newest = await queries.newest(session, accounts)
        except EngineUnavailableError:
            return  # the next look comes
        except Exception:
            log.exception("realtime.look_failed")
            return
        for account, number in newest.items():
            for connection in self._topics.get(topics.of_account(account), ()):
                connection.hear_of(number)
