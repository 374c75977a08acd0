from uuid import UUID

from studium.core.event import Event


class NotesReady(Event):
    """The last section is written and the material is indexed."""

    course_id: UUID
    material_id: UUID
    uploaded_by: UUID
    title: str


class NotesFailed(Event):
    course_id: UUID
    material_id: UUID
    uploaded_by: UUID
    title: str
    reason: str
