"""Courses, their people and their invitations.

| file | holds |
|---|---|
| policy.py | who may do what |
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import ForbiddenError, Kind, NotFoundError, StudiumError
from studium.core.event import now
from studium.core.identity import Principal, Role, new_id
from studium.runtime import paging
from studium.runtime.caching import cached_json
from studium.runtime.database import Scope, outdated, scope_of
from studium.runtime.deliveries import emit
from studium.runtime.engines import Engines
from studium.services.auth.contract import Identity
from studium.services.courses import queries
from studium.services.courses.contract import (
    CourseChange,
    CourseList,
    CourseRole,
    CourseView,
    EnrolmentView,
    InvitationView,
    JoinedView,
    NewCourse,
)
from studium.services.courses.events import CourseDeleted
from studium.services.courses.models import Course, Enrolment, Invitation
from studium.services.courses.policy import may_create

INVITATION_LIFETIME = timedelta(days=30)
_COURSES = TypeAdapter(CourseList)
# Without letters and digits that look alike, so that a code can be read aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class InvitationEndedError(StudiumError):
    kind = Kind.NOT_FOUND
    type = "invitation-ended"
    title = "This invitation does not work"


async def create(
    session: AsyncSession, principal: Principal, wish: NewCourse, personal: UUID
) -> CourseView:
    """Raises `ForbiddenError`. `personal`: the organisation where none is named."""
    organisation_id = wish.organisation_id or personal
    if not may_create(principal, organisation_id):
        raise ForbiddenError("Only owners and teachers of an organisation create courses in it.")
    course = Course(
        id=new_id(),
        organisation_id=organisation_id,
        title=wish.title,
        description=wish.description,
        created_by=principal.account_id,
    )
    session.add(course)
    await session.flush()
    session.add(_enrolment(course, principal.account_id, CourseRole.TEACHER))
    await session.flush()
    outdated(session, _key(principal.account_id))
    return await _teach(session, principal, course.id)


async def visible(
    engines: Engines, principal: Principal, before: UUID | None, limit: int
) -> CourseList:
    """The newest courses that the caller may see and that are older than `before`."""
    async with engines.courses.transaction(scope_of(principal)) as session:
        # One more than is shown, to see whether there are others.
        found = await queries.visible(session, principal, before, limit + 1)
    items, following = paging.page(found, None, limit)
    return CourseList(items=items, next=following)


async def newest(engines: Engines, principal: Principal) -> bytes:
    """The first page of them, through the cache: JSON of a `CourseList`."""

    async def load() -> CourseList:
        return await visible(engines, principal, None, paging.USUAL)

    return await cached_json(engines.cache, _key(principal.account_id), _COURSES, load)


async def change(
    session: AsyncSession, principal: Principal, course_id: UUID, wish: CourseChange
) -> CourseView:
    await _teach(session, principal, course_id)
    course = await session.get_one(Course, course_id)
    for name, value in wish.model_dump(exclude_none=True).items():
        setattr(course, name, value)
    await session.flush()
    await _outdated_for_all(session, principal, course_id)
    return await _teach(session, principal, course_id)


async def delete(session: AsyncSession, principal: Principal, course_id: UUID) -> None:
    view = await _teach(session, principal, course_id)
    await _outdated_for_all(session, principal, course_id)
    await session.delete(await session.get_one(Course, course_id))
    await emit(session, CourseDeleted(organisation_id=view.organisation_id, course_id=course_id))


async def invite(session: AsyncSession, principal: Principal, course_id: UUID) -> InvitationView:
    view = await _teach(session, principal, course_id)
    invitation = Invitation(
        code="".join(secrets.choice(_ALPHABET) for _ in range(12)),
        organisation_id=view.organisation_id,
        course_id=course_id,
        created_by=principal.account_id,
        expires_at=now() + INVITATION_LIFETIME,
    )
    session.add(invitation)
    return InvitationView(code=invitation.code, expires_at=invitation.expires_at)


async def accept(
    engines: Engines, identity: Identity, principal: Principal, code: str
) -> JoinedView:
    """Membership first, then enrolment: both may be repeated, so a crash in between is mended by
    accepting again. Raises `InvitationEndedError`.
    """
    code = code.strip().upper()
    async with engines.courses.transaction(Scope(invitation=code)) as session:
        invitation = await session.get(Invitation, code)
        if invitation is None or invitation.expires_at < now():
            raise InvitationEndedError("Ask the teacher for a new code.")
    access = await identity.join(principal.account_id, invitation.organisation_id, Role.STUDENT)
    member = Principal(
        principal.account_id,
        {invitation.organisation_id: Role.STUDENT, **principal.organisations},
    )
    async with engines.courses.transaction(scope_of(member)) as session:
        course = await session.get(Course, invitation.course_id)
        if course is None:
            raise InvitationEndedError("The course was deleted.")
        enrolment = _enrolment(course, principal.account_id, CourseRole.STUDENT)
        await session.execute(_insert_once(enrolment))
        outdated(session, _key(principal.account_id))
        view = await _found(session, member, course.id)
    return JoinedView(course=view, **access.model_dump())


async def people(
    session: AsyncSession, identity: Identity, principal: Principal, course_id: UUID
) -> tuple[EnrolmentView, ...]:
    view = await _teach(session, principal, course_id)
    rows = await session.scalars(
        select(Enrolment).where(Enrolment.course_id == course_id).order_by(Enrolment.enrolled_at)
    )
    enrolments = rows.all()
    names = await identity.names(view.organisation_id, [row.account_id for row in enrolments])
    return tuple(
        EnrolmentView(
            account_id=row.account_id,
            name=names.get(row.account_id, "somebody who left"),
            role=CourseRole(row.role),
            enrolled_at=row.enrolled_at,
        )
        for row in enrolments
    )


@dataclass(frozen=True, slots=True)
class LocalCourses:
    """`contract.Courses` where this service runs in the same process."""

    engines: Engines

    async def course(self, principal: Principal, course_id: UUID) -> CourseView:
        for view in _COURSES.validate_json(await newest(self.engines, principal)).items:
            if view.id == course_id:
                return view
        # The cached list is the newest part, and may be a moment older than an enrolment.
        async with self.engines.courses.transaction(scope_of(principal)) as session:
            return await _found(session, principal, course_id)

    async def teach(self, principal: Principal, course_id: UUID) -> CourseView:
        return _teacher(await self.course(principal, course_id))


async def _teach(session: AsyncSession, principal: Principal, course_id: UUID) -> CourseView:
    return _teacher(await _found(session, principal, course_id))


async def _found(session: AsyncSession, principal: Principal, course_id: UUID) -> CourseView:
    view = await queries.find(session, principal, course_id)
    if view is None:
        raise NotFoundError("There is no such course, or you are not in it.")
    return view


def _teacher(view: CourseView) -> CourseView:
    if view.role is not CourseRole.TEACHER:
        raise ForbiddenError("Only teachers of this course may do that.")
    return view


def _key(account_id: UUID) -> str:
    return f"courses:{account_id}"


async def _outdated_for_all(session: AsyncSession, principal: Principal, course_id: UUID) -> None:
    accounts = await session.scalars(
        select(Enrolment.account_id).where(Enrolment.course_id == course_id)
    )
    outdated(session, *map(_key, {*accounts, principal.account_id}))


def _enrolment(course: Course, account_id: UUID, role: CourseRole) -> Enrolment:
    return Enrolment(
        course_id=course.id,
        account_id=account_id,
        organisation_id=course.organisation_id,
        role=role.value,
    )


def _insert_once(enrolment: Enrolment) -> Insert:
    values = {
        name: getattr(enrolment, name)
        for name in ("course_id", "account_id", "organisation_id", "role")
    }
    return insert(Enrolment).values(enrolled_at=now(), **values).on_conflict_do_nothing()
