"""What the notes do about a book: each section is written as soon as it is read."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core import topics
from studium.core.errors import NotFoundError
from studium.core.event import Event
from studium.runtime.database import after_commit, outdated
from studium.runtime.worker import GiveUp, Handler, Job
from studium.services.library.contract import Library, MaterialView, SectionSource
from studium.services.library.events import (
    MaterialCancelled,
    MaterialDeleted,
    MaterialEvent,
    MaterialFailed,
    MaterialIndexed,
    SectionRead,
)
from studium.services.notes import citations, queries, render, service
from studium.services.notes.contract import NoteWriter
from studium.services.notes.events import SectionRequested
from studium.services.notes.models import NoteSet
from studium.services.notes.service import Book, OutdatedError, Written


async def write_section(event: SectionRead, job: Job) -> None:
    library, writer = job.peers.get(Library), job.peers.get(NoteWriter)
    try:
        book, material = await _book(event, library, writer)
        async with job.reading() as session:
            await service.prepare(session, event, book)
    except (OutdatedError, NotFoundError):
        return
    source = await library.section(event.organisation_id, event.material_id, event.section)
    written = await _write(source, material, library, writer)
    async with job.finish() as session:
        notes = await queries.found(session, event.material_id)
        if notes.version == event.version:
            await service.keep(session, notes, event.section, written)
            _tell_progress(session, job, notes)


async def _book(
    event: MaterialEvent, library: Library, writer: NoteWriter
) -> tuple[Book, MaterialView]:
    material = await library.material(event.organisation_id, event.material_id)
    sections = await library.sections(event.organisation_id, event.material_id)
    return Book(sections, material.language, writer.generator), material


async def _write(
    source: SectionSource, material: MaterialView, library: Library, writer: NoteWriter
) -> Written:
    """Drafts, drops every quote that does not stand on its page, renders. Outside of any
    transaction: a model may take minutes.
    """
    section = source.section
    pages = await library.page_texts(
        source.organisation_id, source.material_id, section.first_page, section.last_page
    )
    draft, dropped = citations.check(await writer.write(source), pages)
    labels = material.page_labels or ()
    return Written(
        draft=draft,
        dropped=dropped,
        markdown=render.to_markdown(section.heading, draft, labels),
        html=render.to_html(draft, labels),
    )


def _tell_progress(session: AsyncSession, job: Job, notes: NoteSet) -> None:
    told = topics.message(
        type="notes.progress",
        material_id=notes.material_id,
        course_id=notes.course_id,
        done=notes.written,
        total=notes.total,
    )
    topic = topics.of_account(notes.uploaded_by)
    after_commit(session, lambda: job.engines.fanout.publish(topic, told))


async def write_section_again(event: SectionRequested, job: Job) -> None:
    again = {name: getattr(event, name) for name in SectionRead.model_fields}
    await write_section(SectionRead.model_validate(again), job)


async def mark_indexed(event: MaterialIndexed, job: Job) -> None:
    try:
        book, _ = await _book(event, job.peers.get(Library), job.peers.get(NoteWriter))
        async with job.finish() as session:
            notes = await service.prepare(session, event, book)
            notes.indexed = True
            await service.settle(session, notes)
    except (OutdatedError, NotFoundError):
        return


async def stop(event: MaterialFailed | MaterialCancelled, job: Job) -> None:
    """The book's own failure is told by the library; its notes only stop waiting."""
    async with job.finish() as session:
        notes = await queries.locked(session, event.material_id)
        if notes and notes.version == event.version and notes.status == "writing":
            notes.status = "failed"


async def forget(event: MaterialDeleted, job: Job) -> None:
    async with job.finish() as session:
        outdated(session, *queries.keys(event.material_id))
        await session.execute(delete(NoteSet).where(NoteSet.material_id == event.material_id))


async def give_up_section(
    event: SectionRead | SectionRequested, session: AsyncSession, _reason: str
) -> None:
    notes = await queries.locked(session, event.material_id)
    if notes and notes.version == event.version:
        await service.fail_section(session, notes, event.section)


HANDLERS: dict[type[Event], Handler] = {
    SectionRead: write_section,
    SectionRequested: write_section_again,
    MaterialIndexed: mark_indexed,
    MaterialFailed: stop,
    MaterialCancelled: stop,
    MaterialDeleted: forget,
}
GIVE_UPS: dict[type[Event], GiveUp] = {
    SectionRead: give_up_section,
    SectionRequested: give_up_section,
}
