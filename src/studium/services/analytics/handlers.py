"""Which facts become rows, and of which kind; and what is forgotten with a course."""

from studium.core.event import Event
from studium.runtime.worker import Handler, Job
from studium.services.analytics import records
from studium.services.courses.events import CourseDeleted
from studium.services.library.events import MaterialFailed, MaterialIndexed
from studium.services.notes.events import NotesFailed, NotesReady

Recorded = MaterialIndexed | MaterialFailed | NotesReady | NotesFailed

KINDS: dict[type[Event], str] = {
    MaterialIndexed: "material.ready",
    MaterialFailed: "material.failed",
    NotesReady: "notes.ready",
    NotesFailed: "notes.failed",
}


async def record(event: Recorded, job: Job) -> None:
    row = records.of_fact(
        event, KINDS[type(event)], event.course_id, event.uploaded_by, event.material_id
    )
    await _append(row, job)


async def forget(event: CourseDeleted, job: Job) -> None:
    await _append(records.forgetting(event.organisation_id, event.course_id), job)


async def _append(row: bytes, job: Job) -> None:
    """First into the stream: said twice it counts once, unsaid it would be lost."""
    await job.engines.records.append(records.GROUP, [row])
    async with job.finish():
        pass


HANDLERS: dict[type[Event], Handler] = {**dict.fromkeys(KINDS, record), CourseDeleted: forget}
