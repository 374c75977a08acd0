"""What the event streams have in common: batches are taken one after the other, each is confirmed
when it was taken, and after anything that fails the engine is asked for it again.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from studium.core.ports import TakeBatch

log = structlog.get_logger()

BATCH = 500
"""Records that are taken together."""
GATHER_SECONDS = 1.0
"""After a batch that was not full: a warehouse likes few large inserts."""
BLOCK_SECONDS = 2.0
"""An engine is asked so long for the next record."""
FINISH_SECONDS = 5.0
CANCEL_AGAIN_SECONDS = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


def stream_of(group: str) -> str:
    """Beside the group's references."""
    return f"records.{group}"


class Source(Protocol):
    async def open(self) -> None:
        """From here on what was given and not confirmed is given again."""
        ...

    async def next(self) -> Sequence[bytes]:
        """At most `BATCH` records; none when there were none for a while."""
        ...

    async def confirm(self) -> None:
        """The batch that was given last."""
        ...

    async def close(self) -> None:
        """Whatever state it is in. Nothing is confirmed by it."""
        ...


class BatchConsumer:
    def __init__(self, source: Source, group: str, take: TakeBatch) -> None:
        self._source = source
        self._group = group
        self._take = take
        self._taking = False
        self._stopping = False

    async def run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping:
            try:
                await self._source.open()
                while not self._stopping:
                    await self._next()
                    pause = FIRST_PAUSE
            except Exception as error:  # noqa: BLE001 - a consumer that ends unseen takes nothing
                log.warning("stream.again", group=self._group, error=repr(error))
                await self._source.close()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self, consuming: asyncio.Task[None]) -> None:
        """The batch in hand may be taken, no other; what is not confirmed is given to others."""
        self._stopping = True
        if self._taking:
            await asyncio.wait({consuming}, timeout=FINISH_SECONDS)
        while not consuming.done():  # Python 3.11's wait_for inside a client may lose a cancel
            consuming.cancel()
            await asyncio.wait({consuming}, timeout=CANCEL_AGAIN_SECONDS)
        await self._source.close()

    async def _next(self) -> None:
        records = await self._source.next()
        if not records or self._stopping:
            return
        self._taking = True
        try:
            await self._take(records)
            await self._source.confirm()
        finally:
            self._taking = False
        if len(records) < BATCH and not self._stopping:
            await asyncio.sleep(GATHER_SECONDS)
