"""What people did in a course, as browsers tell it and as teachers see it."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MOST_EVENTS = 100


class LearningKind(StrEnum):
    PAGE_READ = "page.read"
    SECTION_READ = "section.read"
    """Of the notes."""
    QUIZ_ANSWERED = "quiz.answered"


class LearningEvent(BaseModel):
    id: UUID
    """The browser's own: an event that is sent again counts once."""
    kind: LearningKind
    occurred_at: AwareDatetime
    material_id: UUID
    place: int = Field(ge=0, lt=2**31)
    """Page of the book, section of the notes or item of the quiz."""


class LearningEvents(BaseModel):
    course_id: UUID
    events: Annotated[tuple[LearningEvent, ...], Field(min_length=1, max_length=MOST_EVENTS)]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class AcceptedView(View):
    accepted: int


class CountView(View):
    day: date
    """In UTC."""
    kind: str
    """Of `LearningKind`, or `material.ready`, `material.failed`, `notes.ready`, `notes.failed`."""
    times: int
    people: int
    """Different ones; nobody is named."""


class ActivityView(View):
    first: date
    last: date
    """Days of `items`, both included; those without anything are left out."""
    items: tuple[CountView, ...]
