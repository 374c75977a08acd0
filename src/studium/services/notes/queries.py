"""Reads of the notes."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import NotFoundError
from studium.services.notes.contract import NotesSectionView, NotesView
from studium.services.notes.models import NoteSection, NoteSet


async def found(session: AsyncSession, material_id: UUID, *, locked: bool = False) -> NoteSet:
    """Raises `NotFoundError`."""
    notes = await session.get(NoteSet, material_id, with_for_update=locked or None)
    if notes is None:
        raise NotFoundError("There are no notes yet: the book is still being read.")
    return notes


async def view(session: AsyncSession, notes: NoteSet) -> NotesView:
    rows = await session.scalars(
        select(NoteSection)
        .where(NoteSection.material_id == notes.material_id)
        .order_by(NoteSection.index)
    )
    sections = tuple(NotesSectionView.model_validate(row) for row in rows)
    return NotesView(
        material_id=notes.material_id,
        title=notes.title,
        generator=notes.generator,
        language=notes.language,
        status=notes.status,
        published=notes.published,
        written=notes.written,
        total=notes.total,
        sections=sections,
    )


async def section(session: AsyncSession, material_id: UUID, index: int) -> NoteSection | None:
    return await session.scalar(
        select(NoteSection).where(
            NoteSection.material_id == material_id, NoteSection.index == index
        )
    )


async def counts(session: AsyncSession, material_id: UUID) -> dict[str, int]:
    """Status → sections."""
    rows = await session.execute(
        select(NoteSection.status, func.count())
        .where(NoteSection.material_id == material_id)
        .group_by(NoteSection.status)
    )
    return {status: count for status, count in rows}  # noqa: C416 - rows are not pairs to mypy
