"""A road to an engine that can be cut, or swallow what travels on it. New travellers pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    def __init__(self, url: str) -> None:
        self._engine = urlsplit(url)
        self._roads: set[asyncio.Task[None]] = set()
        self._swallowing: set[asyncio.Task[None]] = set()
        self.url = ""

    def serve_at(self, port: int) -> None:
        place = self._engine.netloc.rpartition(":")[0]
        self.url = urlunsplit(self._engine._replace(netloc=f"{place}:{port}"))

    def cut(self) -> None:
        for road in self._roads:
            road.cancel()

    def swallow(self) -> None:
        self._swallowing |= self._roads

    async def travel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._engine.hostname, self._engine.port)
        roads = {
            asyncio.create_task(self._carry(reader, back)),
            asyncio.create_task(self._carry(there, writer)),
        }
        self._roads |= roads
        await asyncio.wait(roads, return_when=asyncio.FIRST_COMPLETED)
        self._roads -= roads
        for each in roads:
            each.cancel()
        for end in (writer, back):
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if asyncio.current_task() not in self._swallowing:
                    writer.write(data)
                    await writer.drain()


@asynccontextmanager
async def proxy(url: str) -> AsyncIterator[Proxy]:
    road = Proxy(url)
    server = await asyncio.start_server(road.travel, "127.0.0.1")
    road.serve_at(server.sockets[0].getsockname()[1])
    try:
        yield road
    finally:
        server.close()
        road.cut()
