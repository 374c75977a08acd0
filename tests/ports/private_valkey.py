"""A Valkey of one test file, which its tests may stop, start again and empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import free_port
from studium.adapters.embedded.valkey import EmbeddedValkey


class PrivateValkey:
    def __init__(self, folder: Path) -> None:
        self._valkey = EmbeddedValkey(Home(folder))
        self._port = free_port()
        self.url = ""

    async def start(self) -> None:
        """The same address each time, as a service that comes back."""
        self.url = await self._valkey.start(self._port)

    async def stop(self) -> None:
        await self._valkey.stop()

    async def wipe(self) -> None:
        async with Redis.from_url(self.url) as client:
            await client.flushall()


@asynccontextmanager
async def private_valkey(folder: Path) -> AsyncIterator[PrivateValkey]:
    valkey = PrivateValkey(folder)
    await valkey.start()
    try:
        yield valkey
    finally:
        await valkey.stop()
