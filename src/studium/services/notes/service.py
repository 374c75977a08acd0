"""Notes: what a writer drafts of a section, checked against the page, kept and shown.

| file | holds |
|---|---|
| offline.py, standalone.py, salience.py, keyterms.py | the extractive writer |
| model_writer.py, prompt.py | the writer that asks a language model |
| citations.py | every quote must stand on its page |
| render.py | Markdown and sanitised HTML |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, NotFoundError, StudiumError
from studium.core.identity import new_id
from studium.runtime.caching import cached_json
from studium.runtime.database import Scope
from studium.runtime.deliveries import emit
from studium.runtime.engines import Engines
from studium.services.courses.contract import CourseRole, CourseView
from studium.services.library.contract import MaterialView, SectionView
from studium.services.library.events import MaterialEvent
from studium.services.notes import queries
from studium.services.notes.contract import Draft, NotesState, NotesView
from studium.services.notes.events import NotesFailed, NotesReady, SectionRequested
from studium.services.notes.models import NoteSection, NoteSet

_NOTES, _STATE = TypeAdapter(NotesView), TypeAdapter(NotesState)


class NotPublishedError(StudiumError):
    kind = Kind.FORBIDDEN
    type = "notes-not-published"
    title = "These notes are not published yet"


class OutdatedError(Exception):
    """The fact speaks of an older reading of the book: it has no effect any more."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the notes need to know of a book before they are laid out."""

    sections: Sequence[SectionView]
    language: str
    generator: str


@dataclass(frozen=True, slots=True)
class Written:
    draft: Draft
    dropped: int
    markdown: str
    html: str


async def read(engines: Engines, course: CourseView, material: MaterialView) -> bytes:
    """JSON of a `NotesView`, through the cache; without sections while the book is still being
    read. Raises, for students, `NotPublishedError`.
    """
    await state(engines, course, material)
    key, _ = queries.keys(material.id)

    async def load() -> NotesView:
        async with engines.courses.transaction(Scope((course.organisation_id,))) as session:
            notes = await session.get(NoteSet, material.id)
            if notes is None:
                return NotesView(**_nothing_yet(material).model_dump(), sections=())
            return await queries.view(session, notes)

    return await cached_json(engines.cache, key, _NOTES, load, _is_changing)


async def state(engines: Engines, course: CourseView, material: MaterialView) -> NotesState:
    """What `read` says without the sections. Raises, for students, `NotPublishedError`."""
    _, key = queries.keys(material.id)

    async def load() -> NotesState:
        async with engines.courses.transaction(Scope((course.organisation_id,))) as session:
            notes = await session.get(NoteSet, material.id)
            return queries.state(notes) if notes else _nothing_yet(material)

    kept = await cached_json(engines.cache, key, _STATE, load, _is_changing)
    found = _STATE.validate_json(kept)
    if course.role is not CourseRole.TEACHER and not found.published:
        raise NotPublishedError("The teacher of this course has not published them yet.")
    return found


def _is_changing(notes: NotesState) -> bool:
    """Of a book that failed too: who tries it again tells nobody here."""
    return notes.status != "ready"


def _nothing_yet(material: MaterialView) -> NotesState:
    return NotesState(
        material_id=material.id,
        title=material.title,
        generator="",
        language=material.language,
        status="writing" if material.status in {"processing", "ready"} else "failed",
        published=False,
        written=0,
        total=0,
    )


async def publish(session: AsyncSession, material_id: UUID, *, published: bool) -> NotesView:
    notes = await queries.found(session, material_id)
    notes.published = published
    await session.flush()
    return await queries.view(session, notes)


async def prepare(session: AsyncSession, fact: MaterialEvent, book: Book) -> NoteSet:
    """The locked notes of a book; whichever fact comes first in a reading lays them out.

    Raises `OutdatedError` where a newer reading of the book has begun.
    """
    notes = await _note_set(session, fact, book)
    if notes.version > fact.version:
        raise OutdatedError
    if notes.version < fact.version or (not notes.total and book.sections):
        await session.execute(
            delete(NoteSection).where(NoteSection.material_id == fact.material_id)
        )
        session.add_all(_empty(fact, section) for section in book.sections)
        notes.indexed = notes.indexed and notes.version == fact.version
        notes.version, notes.title = fact.version, fact.title
        notes.generator, notes.language = book.generator, book.language
        notes.status, notes.written, notes.total = "writing", 0, len(book.sections)
        await session.flush()
    return notes


async def _note_set(session: AsyncSession, fact: MaterialEvent, book: Book) -> NoteSet:
    await session.execute(
        insert(NoteSet)
        .values(
            material_id=fact.material_id,
            organisation_id=fact.organisation_id,
            course_id=fact.course_id,
            uploaded_by=fact.uploaded_by,
            version=fact.version,
            title=fact.title,
            generator=book.generator,
        )
        .on_conflict_do_nothing()
    )
    return await queries.found(session, fact.material_id)


def _empty(fact: MaterialEvent, section: SectionView) -> NoteSection:
    return NoteSection(
        id=new_id(),
        material_id=fact.material_id,
        organisation_id=fact.organisation_id,
        **section.model_dump(mode="python", exclude={"path"}),
        path=list(section.path),
    )


async def keep(session: AsyncSession, notes: NoteSet, index: int, written: Written) -> None:
    """The written section, in the transaction that ends its delivery."""
    section = await queries.section(session, notes.material_id, index)
    if section is None:
        raise LookupError(f"the notes have no section {index}")
    draft = written.draft
    section.status, section.summary = "ready", draft.summary
    section.points = [point.model_dump(mode="json") for point in draft.points]
    section.key_terms = [term.model_dump(mode="json") for term in draft.key_terms]
    section.html, section.markdown, section.dropped = (
        written.html,
        written.markdown,
        written.dropped,
    )
    await session.flush()
    await settle(session, notes)


async def fail_section(session: AsyncSession, notes: NoteSet, index: int) -> None:
    section = await queries.section(session, notes.material_id, index)
    if section:
        section.status = "failed"
    await session.flush()
    await settle(session, notes)


async def settle(session: AsyncSession, notes: NoteSet) -> None:
    """Ready once every section has ended and the book is indexed; failed where none was written."""
    counts = await queries.counts(session, notes.material_id)
    notes.written = counts.get("ready", 0) + counts.get("failed", 0)
    if notes.status == "ready" or notes.written < notes.total or not notes.indexed:
        return
    if counts.get("failed", 0) == notes.total > 0:
        await fail(session, notes, "No section could be written. Try again later.")
        return
    notes.status = "ready"
    await session.flush()
    await emit(session, NotesReady(**_about(notes)))


async def fail(session: AsyncSession, notes: NoteSet, reason: str) -> None:
    if notes.status != "failed":
        notes.status = "failed"
        await session.flush()
        await emit(session, NotesFailed(**_about(notes), reason=reason))


async def write_again(session: AsyncSession, material_id: UUID, section_id: UUID | None) -> None:
    """Asks for one section's notes again, or for all. Raises `NotFoundError`."""
    notes = await queries.found(session, material_id)
    statement = select(NoteSection).where(NoteSection.material_id == material_id)
    if section_id:
        statement = statement.where(NoteSection.id == section_id)
    sections = (await session.scalars(statement)).all()
    if not sections:
        raise NotFoundError("There is no such section in these notes.")
    for section in sections:
        section.status = "waiting"
    notes.status, notes.written = "writing", notes.written - len(sections)
    await session.flush()
    facts = [
        SectionRequested(**_about(notes), version=notes.version, section=section.index)
        for section in sections
    ]
    await emit(session, *facts)


def _about(notes: NoteSet) -> dict[str, Any]:
    names = ("organisation_id", "course_id", "material_id", "uploaded_by", "title")
    return {name: getattr(notes, name) for name in names}
