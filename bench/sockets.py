"""Ten thousand WebSockets of one client process, as cheap as a client can be.

It speaks RFC 6455 by hand: it sends no data, answers pings, and counts the frames it is sent.
"""

import asyncio
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, CLOSE, PING = 1, 8, 9
PER_ADDRESS = 5000
"""Sockets of one loopback address: its ports are 28,000, and some rest in TIME_WAIT."""


def many_files() -> None:
    """As many sockets as the system allows, here and in the processes started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@dataclass(slots=True)
class Count:
    """What all sockets of a crowd were sent."""

    open: int = 0
    texts: int = 0
    closed: int = 0
    closes: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def reaches(self, reached: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not reached():
                self.changed.clear()
                await self.changed.wait()


class Ear(asyncio.Protocol):
    __slots__ = ("_count", "_handshake", "_rest", "transport")

    def __init__(self, count: Count, handshake: bytes) -> None:
        self._count = count
        self._handshake: bytes | None = handshake
        self._rest = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._handshake:
            transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if self._handshake:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if b" 101 " not in head[:20]:
                raise RuntimeError(head.decode())
            self._handshake = None
            self._count.open += 1
        self._rest = self._frames(data)
        self._count.changed.set()

    def _frames(self, data: bytes) -> bytes:
        """Counts the whole frames; what is left."""
        while len(data) >= 2:
            start, length = 2, data[1]
            if length == 126:
                start, length = 4, int.from_bytes(data[2:4])
            if len(data) < start + length:
                break
            kind = data[0] & 15
            if kind == TEXT:
                self._count.texts += 1
            elif kind == PING:
                payload = data[start : start + length]
                self.transport.write(bytes((0x8A, 0x80 | length, 0, 0, 0, 0)) + payload)
            elif kind == CLOSE:
                self._count.closes += 1
            data = data[start + length :]
        return data

    def connection_lost(self, _error: Exception | None) -> None:
        self._count.closed += 1
        self._count.changed.set()


class Crowd:
    """Sockets to one port; `paths` are asked for, one each."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.count = Count()
        self._ears: list[Ear] = []

    async def open(self, paths: Sequence[str], at_once: int = 200) -> None:
        """Returns once each was answered 101."""
        loop = asyncio.get_running_loop()

        async def one(number: int, path: str) -> None:
            ear = Ear(self.count, HANDSHAKE.format(path=path).encode())
            here = (f"127.0.0.{2 + number // PER_ADDRESS}", 0)
            await loop.create_connection(lambda: ear, "127.0.0.1", self.port, local_addr=here)
            self._ears.append(ear)

        for start in range(0, len(paths), at_once):
            some = paths[start : start + at_once]
            await asyncio.gather(*(one(start + n, path) for n, path in enumerate(some)))
            expected = len(self._ears)
            await self.count.reaches(lambda: self.count.open == expected, 60)  # noqa: B023

    async def heard(self, texts: int, seconds: float = 120) -> None:
        """Until `texts` messages in all have come, since the beginning."""
        await self.count.reaches(lambda: self.count.texts >= texts, seconds)

    async def close(self) -> None:
        """By RST, so that no port rests in TIME_WAIT."""
        for ear in self._ears:
            ear.transport.abort()
        await self.count.reaches(lambda: self.count.closed == len(self._ears), 60)
        self._ears.clear()
