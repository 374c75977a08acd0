"""One WebSocket: every notification after `since` once and in order, whatever the fan-out loses."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from studium.core import topics
from studium.core.errors import EngineUnavailableError
from studium.runtime.database import Database, Scope
from studium.services.realtime import service

LOOK_SECONDS = 60.0
"""A lost push is found at the latest after this (and at the next push, by its number)."""
QUEUE = 256

Send = Callable[[str], Awaitable[None]]


class Connection:
    def __init__(self, account_id: UUID, database: Database, send: Send) -> None:
        self.account_id = account_id
        self._database = database
        self._send = send
        self._sent = 0
        self._live: deque[bytes] = deque(maxlen=QUEUE)  # what falls out leaves a gap, see _push
        self._woken = asyncio.Event()

    def hear(self, message: bytes) -> None:
        """Called by the hub for each message of the account's topic."""
        self._live.append(message)
        self._woken.set()

    async def run(self, since: int | None) -> None:
        """Sends until the socket closes (its `send` raises) or it is cancelled."""
        await self._begin(since)
        while True:
            while self._live:
                await self._push(self._live.popleft())
            self._woken.clear()
            try:
                wait = LOOK_SECONDS * random.uniform(0.75, 1.25)
                await asyncio.wait_for(self._woken.wait(), wait)
            except TimeoutError:
                with suppress(EngineUnavailableError):
                    await self._catch_up()

    async def _begin(self, since: int | None) -> None:
        async with self._reading() as session:
            newest = await service.newest(session, self.account_id)
        if since is not None and since > newest:
            await self._say(type="reset", id=newest)
        self._sent = newest if since is None or since > newest else since
        await self._catch_up()
        await self._say(type="hello", id=self._sent)

    async def _push(self, message: bytes) -> None:
        number = json.loads(message).get("id")
        if number is None:  # progress: lossy, unnumbered
            await self._send(message.decode())
        elif number == self._sent + 1:
            await self._send(message.decode())
            self._sent = number
        elif number > self._sent:
            await self._catch_up()

    async def _catch_up(self) -> None:
        while True:
            async with self._reading() as session:
                missed = await service.after(session, self.account_id, self._sent)
            for notification in missed:
                await self._send(notification.model_dump_json())
                self._sent = notification.id
            if not missed:
                return

    def _reading(self) -> Any:
        return self._database.transaction(Scope(account_id=self.account_id))

    async def _say(self, **fields: Any) -> None:
        await self._send(topics.message(**fields).decode())
