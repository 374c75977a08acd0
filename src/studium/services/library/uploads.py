"""Uploads on their way: a row is there before the first byte is stored, and goes in the transaction
that accepts the book.

So a row that stays tells of a process that ended in the middle, and of the files it left behind.
The same row decides between an upload that ends late and who clears it away: one of them gets it.
"""

from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, StudiumError
from studium.core.ports import Objects
from studium.runtime.database import Database, Scope
from studium.runtime.engines import Engines
from studium.services.library.models import Uploading

log = structlog.get_logger()

PATIENCE_HOURS = 24
"""An upload that takes longer is given up."""
BATCH = 100

_OLD = func.now() - text(f"interval '{PATIENCE_HOURS} hours'")


class TooSlowError(StudiumError):
    kind = Kind.CONFLICT
    type = "too-slow"
    title = "The upload took too long"


def folder(organisation_id: UUID, material_id: UUID) -> str:
    """Where all objects of a book lie."""
    return f"{organisation_id}/{material_id}"


async def announce(session: AsyncSession, organisation_id: UUID, material_id: UUID) -> None:
    await session.execute(insert(Uploading).values(id=material_id, organisation_id=organisation_id))


async def accepted(session: AsyncSession, material_id: UUID) -> None:
    """In the transaction that accepts the book. Raises `TooSlowError`."""
    if not await _ended(session, material_id):
        raise TooSlowError(
            f"Nothing was kept, because it took more than {PATIENCE_HOURS} hours. Upload the book"
            " again over a better connection."
        )


async def abandon(engines: Engines, organisation_id: UUID, material_id: UUID) -> None:
    """Removes what was stored, unless the book was accepted after all: the answer to a commit may
    be lost. What cannot be removed now, the sweep finds.
    """
    with suppress(StudiumError):
        async with engines.courses.transaction(Scope((organisation_id,))) as session:
            if await _ended(session, material_id):
                await engines.objects.delete(folder(organisation_id, material_id))


async def _ended(session: AsyncSession, material_id: UUID) -> bool:
    """Takes the row; whether it was there."""
    gone = delete(Uploading).where(Uploading.id == material_id).returning(Uploading.id)
    return await session.scalar(gone) is not None


async def sweep(system: Database, objects: Objects) -> int:
    """Removes what processes left behind that ended in the middle of an upload; how many."""
    async with system.transaction(Scope()) as session:
        left = (
            await session.execute(
                select(Uploading.id, Uploading.organisation_id)
                .where(Uploading.begun_at < _OLD)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        ).all()
        for row in left:
            await objects.delete(folder(row.organisation_id, row.id))
        await session.execute(delete(Uploading).where(Uploading.id.in_([row.id for row in left])))
    if left:
        log.info("library.uploads_cleared", uploads=len(left))
    return len(left)
