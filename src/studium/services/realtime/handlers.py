"""Which facts become a notification, and in which words."""

from studium.core.event import Event
from studium.runtime.worker import Handler, Job
from studium.services.library.events import MaterialFailed, MaterialIndexed
from studium.services.notes.events import NotesFailed, NotesReady
from studium.services.realtime import service

Told = MaterialIndexed | MaterialFailed | NotesReady | NotesFailed


async def _notify(event: Told, job: Job, kind: str, message: str) -> None:
    async with job.finish() as session:
        await service.notify(
            session,
            job.engines.fanout,
            event.uploaded_by,
            event,
            type=kind,
            course_id=event.course_id,
            material_id=event.material_id,
            title=event.title,
            message=message,
        )


async def tell_indexed(event: MaterialIndexed, job: Job) -> None:
    await _notify(event, job, "material.ready", "Your book can be read and searched.")


async def tell_ready(event: NotesReady, job: Job) -> None:
    await _notify(event, job, "notes.ready", "Your AI Notes are ready!")


async def tell_failed(event: MaterialFailed, job: Job) -> None:
    await _notify(event, job, "material.failed", event.reason)


async def tell_notes_failed(event: NotesFailed, job: Job) -> None:
    await _notify(event, job, "notes.failed", event.reason)


HANDLERS: dict[type[Event], Handler] = {
    MaterialIndexed: tell_indexed,
    MaterialFailed: tell_failed,
    NotesReady: tell_ready,
    NotesFailed: tell_notes_failed,
}
