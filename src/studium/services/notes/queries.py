"""Reads of the notes."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import NotFoundError
from studium.runtime.database import outdated
from studium.services.notes.contract import NotesSectionView, NotesState, NotesView
from studium.services.notes.models import NoteSection, NoteSet


def keys(material_id: UUID) -> tuple[str, str]:
    """Of the cache: where the whole notes are kept, and where their state is."""
    return f"notes:{material_id}", f"notes-state:{material_id}"


async def locked(session: AsyncSession, material_id: UUID) -> NoteSet | None:
    """For whoever changes them: what is cached of them ends with the transaction."""
    outdated(session, *keys(material_id))
    return await session.get(NoteSet, material_id, with_for_update=True)


async def found(session: AsyncSession, material_id: UUID) -> NoteSet:
    """Locked, as `locked`. Raises `NotFoundError`."""
    notes = await locked(session, material_id)
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


def state(notes: NoteSet) -> NotesState:
    return NotesState.model_validate(notes)


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
