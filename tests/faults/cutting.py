"""A way between clients and processes on which connections break."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle


@dataclass(slots=True)
class Road:
    """Each connection goes to the next process. Those that `cuts` remain for break after a random
    number of bytes from the client.
    """

    upstreams: Sequence[str]
    most: int
    """Bytes of a connection before it breaks."""
    cuts: int
    spared: int = 1
    """Connections before the first that breaks: what a client does not try again."""
    broken: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(3))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Its address."""
        turns = cycle(self.upstreams)

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            host, port = next(turns).removeprefix("http://").split(":")
            away = await asyncio.open_connection(host, int(port))
            both = [
                asyncio.create_task(self._there(reader, away[1])),
                asyncio.create_task(_back(away[0], writer)),
            ]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for each in (writer, away[1]):
                each.transport.abort()

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            yield f"http://{host}:{port}"

    def _left(self) -> int | None:
        """None: this one holds."""
        if self.spared:
            self.spared -= 1
            return None
        return self.chance.randrange(1, self.most) if self.broken < self.cuts else None

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = self._left()
        while data := await reader.read(64 * 1024):
            writer.write(data if left is None else data[:left])
            await writer.drain()
            if left is not None and (left := left - len(data)) <= 0:
                self.broken += 1
                return


async def _back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(64 * 1024):
            writer.write(data)
            await writer.drain()
