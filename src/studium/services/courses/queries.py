"""Reads of the courses service."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.identity import Principal, Role
from studium.services.courses.contract import CourseView
from studium.services.courses.models import Course, Enrolment
from studium.services.courses.policy import course_role


async def visible(
    session: AsyncSession, principal: Principal, before: UUID | None, number: int
) -> tuple[CourseView, ...]:
    """The newest courses that the caller may see and that are older than `before`."""
    # Ids first: asked of the courses themselves, a student's two would be sought among all courses
    # of the school. And as many of each kind as are shown: a school may have ten thousand.
    enrolled = select(Enrolment.course_id.label("id")).where(
        Enrolment.account_id == principal.account_id
    )
    kinds = [(enrolled, Enrolment.course_id)]
    for organisation_id, role in principal.organisations.items():
        if role is Role.OWNER:
            owned = select(Course.id).where(Course.organisation_id == organisation_id)
            kinds.append((owned, Course.id))
    newest = [
        (ids if before is None else ids.where(id_ < before)).order_by(id_.desc()).limit(number)
        for ids, id_ in kinds
    ]
    seen = union(*(select(each.subquery().c.id) for each in newest))
    return (await _views(session, principal, Course.id.in_(seen)))[:number]


async def find(session: AsyncSession, principal: Principal, course_id: UUID) -> CourseView | None:
    views = await _views(session, principal, Course.id == course_id)
    return views[0] if views else None


async def _views(
    session: AsyncSession, principal: Principal, which: ColumnElement[bool]
) -> tuple[CourseView, ...]:
    mine = (Enrolment.course_id == Course.id) & (Enrolment.account_id == principal.account_id)
    rows = await session.execute(
        select(Course, Enrolment.role)
        .outerjoin(Enrolment, mine)
        .where(which)
        .order_by(Course.id.desc())
    )
    views = (_view(principal, course, enrolled_as) for course, enrolled_as in rows)
    return tuple(view for view in views if view)


def _view(principal: Principal, course: Course, enrolled_as: str | None) -> CourseView | None:
    role = course_role(principal, course.organisation_id, enrolled_as)
    if role is None:
        return None
    fields: dict[str, Any] = {name: getattr(course, name) for name in _COLUMNS}
    return CourseView(**fields, role=role)


_COLUMNS = ("id", "organisation_id", "title", "description", "created_at", "updated_at")
