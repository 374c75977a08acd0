"""Browsers that are cut off at random moments, while notifications are written.

A cut comes after so many bytes (in the head of the answer, within a message, between two) or after
so many milliseconds, by RST. Who was cut comes back with the last number it saw.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.realtime import queries, service
from tests.raw_socket import TEXT, RawSocket
from tests.services.realtime.telling import tell

LONGEST_SECONDS, PATIENCE_SECONDS = 0.1, 0.5
BYTES = (0, 1, 2, 60, 130, 131, 140, 200, 300, 450, 1000, 3000)
"""The answer's head is 130 bytes or so, a notification 380."""


@dataclass(slots=True)
class Listener:
    """One browser: the numbers it saw, in the order it saw them."""

    account_id: UUID
    seen: list[int] = field(default_factory=list)
    resets: int = 0
    cuts: int = 0
    cuts_inside: int = 0
    """Of connections that had been let in and had heard something."""
    refused: list[bytes] = field(default_factory=list)
    """A cache that is late forgets a ticket; a browser then asks for another one."""

    _heard: bool = False

    @property
    def last(self) -> int:
        return self.seen[-1] if self.seen else 0

    async def connect(self, base: str, engines: Engines, *, small: bool = False) -> RawSocket:
        return await RawSocket.open(base, await self.path(engines), small=small)

    async def path(self, engines: Engines) -> str:
        ticket = await service.issue_ticket(engines.cache, self.account_id)
        return f"/v1/ws?ticket={ticket}&since={self.last}"

    async def until_cut(self, base: str, engines: Engines) -> None:
        self._heard = False
        raw = await self.connect(base, engines)
        try:
            match random.choice(("opening", "bytes", "bytes", "open", "open")):
                case "opening":
                    await asyncio.sleep(random.uniform(0, LONGEST_SECONDS))
                case "bytes":
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._listen_for(raw, random.choice(BYTES))
                case "open":
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await raw.answer()
                        self._take(*await raw.message())
                    async with asyncio.timeout(random.uniform(0, LONGEST_SECONDS)):
                        await self.listen(raw, None)
        except (TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            raw.cut()
            self.cuts += 1
            self.cuts_inside += self._heard

    async def until_seen(self, base: str, engines: Engines, last: int) -> None:
        while self.last < last:
            raw = await self.connect(base, engines)
            try:
                await raw.answer()
                await self.listen(raw, last)
            except asyncio.IncompleteReadError:
                continue  # it was closed, which `refused` tells
            finally:
                raw.cut()

    async def _listen_for(self, raw: RawSocket, count: int) -> None:
        """Takes so many bytes, and hears of them what came whole."""
        taken = await raw.reader.readexactly(count)
        _, _, frames = taken.partition(b"\r\n\r\n")
        heard = asyncio.StreamReader()
        heard.feed_data(frames)
        heard.feed_eof()
        whole = RawSocket(heard, raw.writer)
        try:
            while True:
                self._take(*await whole.message())
        except asyncio.IncompleteReadError:
            return

    async def listen(self, raw: RawSocket, last: int | None) -> None:
        while last is None or self.last < last:
            self._take(*await raw.message())

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode != TEXT:
            self.refused.append(payload)
            return
        message = json.loads(payload)
        self._heard = True
        if message["type"] == "reset":
            self.resets += 1
        elif "message" in message:
            self.seen.append(message["id"])


@dataclass(slots=True)
class Storm:
    base: str
    engines: Engines
    listeners: list[Listener]

    @property
    def cuts(self) -> int:
        return sum(each.cuts for each in self.listeners)

    async def rage(self, reconnects: int, pause_seconds: float, tellers: int = 1) -> None:
        """Until so many were cut; meanwhile every account is told something again and again."""
        telling = [asyncio.create_task(self._tell_all(pause_seconds)) for _ in range(tellers)]
        try:
            await asyncio.gather(*(self._lose(each, reconnects) for each in self.listeners))
        finally:
            for each in telling:
                each.cancel()
            await asyncio.gather(*telling, return_exceptions=True)

    async def _lose(self, listener: Listener, reconnects: int) -> None:
        while self.cuts < reconnects:
            await listener.until_cut(self.base, self.engines)

    async def _tell_all(self, pause_seconds: float) -> None:
        accounts = list({each.account_id for each in self.listeners})
        while True:
            await tell(self.engines, random.choice(accounts))
            await asyncio.sleep(pause_seconds)

    async def wrong(self) -> list[str]:
        """Lets everyone see the end; whoever saw something else than the database keeps."""
        kept = await self.kept()
        async with asyncio.timeout(60):
            for each in self.listeners:
                await each.until_seen(self.base, self.engines, kept[each.account_id])
        return [
            f"{each.account_id} saw {each.seen} of {kept[each.account_id]}, {each.resets} resets,"
            f" closed with {each.refused}"
            for each in self.listeners
            if each.seen != list(range(1, kept[each.account_id] + 1)) or each.resets or each.refused
        ]

    async def kept(self) -> dict[UUID, int]:
        """The newest number of each account."""
        accounts = [each.account_id for each in self.listeners]
        async with self.engines.courses.transaction(Scope()) as session:
            newest = await queries.newest(session, accounts)
        return {account: newest.get(account, 0) for account in accounts}


def listeners(accounts: int, browsers: int) -> list[Listener]:
    """`browsers` for each of so many people."""
    people = [uuid4() for _ in range(accounts)]
    return [Listener(account) for account in people for _ in range(browsers)]
