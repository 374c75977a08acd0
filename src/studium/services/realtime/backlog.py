"""Reads what people missed: whoever asks while a read is under way shares the next one.

A crowd that comes back at once costs the database a statement per hundred of it.
"""

import asyncio

from studium.core.errors import EngineUnavailableError
from studium.runtime.database import Database, Scope
from studium.services.realtime import queries
from studium.services.realtime.queries import Missed, Wish

AT_ONCE = 100
PAGE = 50
"""Notifications of one person in one answer; a statement brings at most 5,000."""


class Backlog:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._wishes: dict[Wish, asyncio.Future[Missed]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def after(self, wish: Wish) -> Missed:
        """A snapshot that is younger than this call. Raises `EngineUnavailableError`."""
        loop = asyncio.get_running_loop()
        answer = self._wishes.setdefault(wish, loop.create_future())
        if self._reading is None:
            self._reading = loop.create_task(self._read())
        return await asyncio.shield(answer)  # others may wait for the same

    async def _read(self) -> None:
        while self._wishes:
            wishes = list(self._wishes)[:AT_ONCE]
            answers = [self._wishes.pop(wish) for wish in wishes]
            try:
                async with self._database.transaction(Scope()) as session:
                    found = await queries.missed(session, wishes, PAGE)
            except Exception as error:  # noqa: BLE001 - each who waits is told
                for answer in answers:
                    answer.set_exception(_told(error))
                continue
            for answer, missed in zip(answers, found, strict=True):
                answer.set_result(missed)
        self._reading = None


def _told(error: Exception) -> Exception:
    """Each gets an error of its own: a raised one grows with every traceback."""
    if isinstance(error, EngineUnavailableError):
        return EngineUnavailableError(error.detail)
    return RuntimeError(f"the backlog cannot be read: {error}")
