from uuid import UUID

from studium.core.event import Event


class NotesEvent(Event):
    """Base of the facts about a book's notes."""

    course_id: UUID
    material_id: UUID
    uploaded_by: UUID
    title: str


class SectionRequested(NotesEvent):
    """A teacher asks for a section's notes again."""

    version: int
    section: int


class NotesReady(NotesEvent):
    """The last section is written and the material is indexed."""


class NotesFailed(NotesEvent):
    reason: str
