"""A `take` that says what it got and returns when it may."""

import asyncio

from studium.core.ports import Reference


class Held:
    def __init__(self) -> None:
        self.started: asyncio.Queue[Reference] = asyncio.Queue()
        self.gate = asyncio.Event()

    async def __call__(self, reference: Reference) -> None:
        await self.started.put(reference)
        await self.gate.wait()
