"""Courses, and who may do what in one."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from studium.core.identity import Principal
from studium.core.text import A_WORD
from studium.services.auth.contract import AccessView

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=A_WORD),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]


class CourseRole(StrEnum):
    TEACHER = "teacher"
    STUDENT = "student"


class NewCourse(BaseModel):
    title: Title
    description: Description = ""
    organisation_id: UUID | None = None
    """Default: the caller's personal organisation."""


class CourseChange(BaseModel):
    title: Title | None = None
    description: Description | None = None


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class CourseView(View):
    id: UUID
    organisation_id: UUID
    title: str
    description: str
    role: CourseRole
    created_at: datetime
    updated_at: datetime


class CourseList(View):
    items: tuple[CourseView, ...]
    next: str | None = None


class InvitationView(View):
    code: str
    expires_at: datetime


class EnrolmentView(View):
    account_id: UUID
    name: str
    role: CourseRole
    enrolled_at: datetime


class EnrolmentList(View):
    items: tuple[EnrolmentView, ...]
    next: str | None = None


class JoinedView(AccessView):
    course: CourseView


class Courses(Protocol):
    """What other services may ask of this one."""

    async def course(self, principal: Principal, course_id: UUID) -> CourseView:
        """The course as the caller sees it. Raises `NotFoundError`."""
        ...

    async def teach(self, principal: Principal, course_id: UUID) -> CourseView:
        """The same for teachers. Raises `NotFoundError`, `ForbiddenError`."""
        ...
