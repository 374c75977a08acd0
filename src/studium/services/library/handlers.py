"""What the library does about a book: plan → read → embed, in stages short enough to share."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core import topics
from studium.core.errors import EngineUnavailableError, StudiumError
from studium.core.event import Event
from studium.core.ports import IndexedPassage, Segment
from studium.runtime.database import after_commit
from studium.runtime.worker import GiveUp, Handler, Job
from studium.services.courses.events import CourseDeleted
from studium.services.library import child, ingest, queries
from studium.services.library.events import (
    MaterialDeleted,
    MaterialEvent,
    MaterialUploaded,
    PageRangePlanned,
    PageRangeRead,
)
from studium.services.library.ingest import current, fail
from studium.services.library.models import Material, Passage


async def plan(event: MaterialUploaded, job: Job) -> None:
    """Pages, outline, sections, page ranges. A file that cannot be read ends here, with a word."""
    async with job.reading() as session:
        material = await current(session, event)
        if material is None:
            return
        material.stage = "planning"
        queries.changed(session, material)
        key = material.object_key
    try:
        async with job.engines.objects.local(key) as path:
            book = await child.plan_book(path)
    except EngineUnavailableError:
        raise
    except StudiumError as problem:
        async with job.finish() as session:
            await fail(session, event, problem.detail)
        return
    async with job.finish() as session:
        if material := await current(session, event, locked=True):
            await ingest.keep_plan(session, material, book)
            _tell_progress(session, job, material)


async def read(event: PageRangePlanned, job: Job) -> None:
    """Text, blocks and passages of a page range; searchable by keyword when it ends."""
    async with job.reading() as session:
        material = await current(session, event)
        if material is None:
            return
        book, key = await ingest.kept_plan(session, material), material.object_key
    async with job.engines.objects.local(key) as path:
        pages = await child.read_range(path, event.first_page, event.last_page, book)
    passages = ingest.passages(event, pages, book)
    await job.engines.vectors.put_keywords(
        _segment(event), [IndexedPassage(passage.id, passage.text) for passage in passages]
    )
    async with job.finish() as session:
        if material := await current(session, event, locked=True):
            await ingest.keep_range(session, material, event.number, pages, passages)
            _tell_progress(session, job, material)


async def embed(event: PageRangeRead, job: Job) -> None:
    """Vectors of a page range; the book is ready with the last one."""
    async with job.reading() as session:
        if await current(session, event) is None:
            return
        rows = await session.execute(
            select(Passage.id, Passage.text)
            .where(Passage.material_id == event.material_id, Passage.range_number == event.number)
            .order_by(Passage.position)
        )
        found = [IndexedPassage(row.id, row.text) for row in rows]
    if found:
        vectors = await job.engines.embedder.embed([each.text for each in found])
        ids = [each.passage_id for each in found]
        await job.engines.vectors.put_vectors(_segment(event), ids, vectors)
    async with job.finish() as session:
        if material := await current(session, event, locked=True):
            await ingest.keep_vectors(session, material, event.number, len(found))
            _tell_progress(session, job, material)


async def forget(event: MaterialDeleted, job: Job) -> None:
    """The rows went with the deletion; the file and the index follow."""
    folder = f"{event.organisation_id}/{event.material_id}"
    await job.engines.objects.delete(folder)
    await job.engines.vectors.delete_material(event.organisation_id, event.material_id)


async def forget_course(event: CourseDeleted, job: Job) -> None:
    async with job.finish() as session:
        await ingest.delete_course(session, event.course_id)


async def give_up(event: MaterialEvent, session: AsyncSession, reason: str) -> None:
    await fail(
        session,
        event,
        "Studium tried five times and could not go on. The file is kept: choose Try again, or"
        f" tell your operator: {reason}",
    )


def _segment(event: PageRangePlanned | PageRangeRead) -> Segment:
    return Segment(event.organisation_id, event.course_id, event.material_id, event.number)


def _tell_progress(session: AsyncSession, job: Job, material: Material) -> None:
    progress = queries.progress(material)
    told = topics.message(
        type="material.progress",
        material_id=material.id,
        course_id=material.course_id,
        stage=material.stage,
        done=progress.done,
        total=progress.total,
    )
    topic = topics.of_account(material.uploaded_by)
    after_commit(session, lambda: job.engines.fanout.publish(topic, told))


HANDLERS: dict[type[Event], Handler] = {
    MaterialUploaded: plan,
    PageRangePlanned: read,
    PageRangeRead: embed,
    MaterialDeleted: forget,
    CourseDeleted: forget_course,
}
GIVE_UPS: dict[type[Event], GiveUp] = {
    MaterialUploaded: give_up,
    PageRangePlanned: give_up,
    PageRangeRead: give_up,
}
