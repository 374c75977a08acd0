"""What the adapters have in common: a consumer runs while somebody consumes, and how an engine that
cannot be reached is told of.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from studium.core.errors import EngineUnavailableError


class Consumer(Protocol):
    async def run(self) -> None:
        """Takes messages until `stop`, whatever becomes of the engine."""
        ...

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """Ends `run`: the take in hand may finish, no other starts."""
        ...


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[None]:
    consuming = asyncio.create_task(consumer.run())
    try:
        yield
    finally:
        await consumer.stop(consuming)


def unreachable() -> EngineUnavailableError:
    return EngineUnavailableError("The broker cannot be reached; jobs wait and nothing is lost.")
