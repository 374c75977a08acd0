"""A WebSocket as the wire sees it: what a library's client would not do can be done here."""

import asyncio
import socket
import struct
from typing import Self

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
TEXT, CLOSE, PING = 1, 8, 9
PONG = b"\x8a\x80\x00\x00\x00\x00"
SMALL = 4096
PATIENCE = 30


class RawSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, base: str, path: str, *, small: bool = False, more: str = "") -> Self:
        """`small`: with the smallest buffers, so that whoever does not read is noticed soon.
        `more`: lines of the head.
        """
        host, port = base.removeprefix("http://").rsplit(":", 1)
        made = socket.socket()
        made.setblocking(False)
        if small:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
        limit = SMALL if small else 1 << 16
        opened = cls(*await asyncio.open_connection(sock=made, limit=limit))
        opened.writer.write(HANDSHAKE.format(path=path, more=more).encode())
        return opened

    async def answer(self) -> bytes:
        """The first line of the answer to the handshake."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return head.split(b"\r\n", 1)[0]

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload. Raises `asyncio.IncompleteReadError` at the end."""
        async with asyncio.timeout(PATIENCE):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2))
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(length)

    async def message(self) -> tuple[int, bytes]:
        """The next frame that is no ping; pings are answered."""
        while True:
            opcode, payload = await self.frame()
            if opcode != PING:
                return opcode, payload
            self.writer.write(PONG)

    async def ends(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.reader.read(1 << 16):
                pass

    def send(self, opcode: int, payload: bytes, *, final: bool = True) -> None:
        """With a mask of zeros, which changes nothing (RFC 6455 section 5.3)."""
        length = len(payload)
        head = bytes([opcode | (0x80 if final else 0)])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 1 << 16:
            head += struct.pack("!BH", 0x80 | 126, length)
        else:
            head += struct.pack("!BQ", 0x80 | 127, length)
        self.writer.write(head + b"\0\0\0\0" + payload)

    def cut(self) -> None:
        """By RST, as a cable does it: nothing is said, and what was on its way is lost."""
        made = self.writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
