"""The analytics worker: from the event stream into the warehouse, batch by batch."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from studium.core.ports import RefusedRowsError, Warehouse
from studium.runtime.engines import Engines
from studium.services.analytics import records

log = structlog.get_logger()


async def run(engines: Engines) -> None:
    """Until cancelled. While the warehouse is down everything waits in the broker."""
    async with engines.records.consume(records.GROUP, Sink(engines.warehouse).take):
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Sink:
    warehouse: Warehouse

    async def take(self, batch: Sequence[bytes]) -> None:
        """Returns once all of it is kept. Safe to repeat."""
        courses = [course for each in batch if (course := records.forgotten(each))]
        await self._keep([each for each in batch if not records.forgotten(each)])
        for organisation_id, course_id in courses:
            await self.warehouse.forget_course(organisation_id, course_id)

    async def _keep(self, rows: Sequence[bytes]) -> None:
        try:
            await self.warehouse.keep(rows)
        except RefusedRowsError:
            # One line that no warehouse takes must not hold up all others for ever.
            for line in b"\n".join(rows).split(b"\n"):
                await self._keep_or_tell(line)

    async def _keep_or_tell(self, line: bytes) -> None:
        try:
            await self.warehouse.keep([line])
        except RefusedRowsError as error:
            log.error("analytics.refused", line=line[:500], error=str(error)[:500])  # noqa: TRY400 - the line says more than the stack
