"""The warehouse on ClickHouse, in this process or on a server, through clickhouse-connect.

The client blocks, and its asynchronous twin knows no engine in the process: so threads. ClickHouse
has no row policies there, so each statement of this file names the organisation.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import structlog

from studium.adapters.warehouse.urls import Place
from studium.core.errors import EngineUnavailableError
from studium.core.ports import ActivityCount, RefusedRowsError
from studium.runtime.migrations import scripts

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

log = structlog.get_logger()
Answer = TypeVar("Answer")

THREADS = 4
"""Of a server's client. The engine in the process has one: it takes one statement at a time."""
READING = {
    "date_time_input_format": "best_effort",
    "input_format_skip_unknown_fields": 1,  # a newer process writes to an older table
}
UNREADABLE = frozenset({6, 26, 27, 33, 38, 41, 53, 72, 117, 130, 376, 441})
"""ClickHouse's codes of values that it cannot parse (src/Common/ErrorCodes.cpp)."""
_COUNT = """
SELECT day, kind, count() AS times, uniqExact(account_id) AS people
FROM activity FINAL
WHERE organisation_id = {organisation:UUID} AND course_id = {course:UUID}
  AND day BETWEEN {first:Date} AND {last:Date}
GROUP BY day, kind ORDER BY day, kind
"""
_FORGET = """
DELETE FROM activity WHERE organisation_id = {organisation:UUID} AND course_id = {course:UUID}
"""
_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS migrations (name String) ENGINE = MergeTree ORDER BY name
"""


class ClickHouse:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._threads = ThreadPoolExecutor(1 if place.folder else THREADS, "warehouse")
        self._opening = Lock()
        self._client: Client | None = None

    async def keep(self, lines: Sequence[bytes]) -> None:
        def insert(client: "Client") -> None:
            block = b"\n".join(lines)
            client.raw_insert("activity", insert_block=block, fmt="JSONEachRow", settings=READING)

        if lines:
            await self._call(insert)

    async def activity(
        self, organisation_id: UUID, course_id: UUID, first: date, last: date
    ) -> list[ActivityCount]:
        asked = _of(organisation_id, course_id) | {"first": first, "last": last}

        def count(client: "Client") -> list[ActivityCount]:
            rows = client.query(_COUNT, parameters=asked).result_rows
            return [ActivityCount(*row) for row in rows]

        return await self._call(count)

    async def forget_course(self, organisation_id: UUID, course_id: UUID) -> None:
        asked = _of(organisation_id, course_id)
        await self._call(lambda client: client.command(_FORGET, parameters=asked))

    async def migrate(self) -> None:
        await self._call(_migrate)

    async def ping(self) -> None:
        if self._client or not self._place.folder:
            await self._call(lambda client: client.command("SELECT 1"))

    async def close(self) -> None:
        if client := self._client:
            self._client = None
            await asyncio.get_running_loop().run_in_executor(self._threads, client.close)
        self._threads.shutdown(wait=False)

    async def _call(self, work: "Callable[[Client], Answer]") -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._done, work)

    def _done(self, work: "Callable[[Client], Answer]") -> Answer:
        from clickhouse_connect.driver.exceptions import (  # noqa: PLC0415 - see `_opened`
            ClickHouseError,
        )

        try:
            with self._opening:
                client = self._client = self._client or self._opened()
            return work(client)
        except ClickHouseError as error:
            if getattr(error, "code", None) in UNREADABLE:
                raise RefusedRowsError(str(error)) from error
            log.warning("warehouse.unreachable", error=str(error)[:500])
            raise EngineUnavailableError(self._lost()) from error

    def _opened(self) -> "Client":
        # Half a second and 30 MB that only the process with the warehouse spends.
        from clickhouse_connect import get_client  # noqa: PLC0415

        client = get_client(**self._place.options)
        client.command(f"CREATE DATABASE IF NOT EXISTS `{self._place.database}`")
        client.close()
        client = get_client(**self._place.options, database=self._place.database)
        if self._place.folder:  # nobody else can: one process holds it
            _migrate(client)
        return client

    def _lost(self) -> str:
        if self._place.folder and not self._client:
            return (
                f"The warehouse in {self._place.folder} cannot be opened; one process may hold it."
                " End the other one, or set STUDIUM_WAREHOUSE to a ClickHouse server."
            )
        return "The warehouse cannot be reached; what people do is kept for it meanwhile."


def _of(organisation_id: UUID, course_id: UUID) -> dict[str, object]:
    return {"organisation": organisation_id, "course": course_id}


def _migrate(client: "Client") -> None:
    """Each file is one statement; the folder's files in order, each once, and once more where the
    process ends before that is written down: so each is safe to repeat.
    """
    client.command(_MIGRATIONS)
    done = {row[0] for row in client.query("SELECT name FROM migrations").result_rows}
    for file in sorted(scripts("warehouse").glob("*.sql")):
        if file.stem not in done:
            client.command(file.read_text())
            client.insert("migrations", [[file.stem]], column_names=["name"])
