"""Reads of the courses service."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.identity import Principal, Role
from studium.services.courses.contract import CourseView
from studium.services.courses.models import Course, Enrolment
from studium.services.courses.policy import course_role


async def visible(session: AsyncSession, principal: Principal) -> tuple[CourseView, ...]:
    """Every course the caller may see, newest first."""
    owned = [id_ for id_, role in principal.organisations.items() if role is Role.OWNER]
    # Ids first: asked of the courses themselves, a student's two would be sought among all courses
    # of the school.
    seen = union(
        select(Enrolment.course_id).where(Enrolment.account_id == principal.account_id),
        select(Course.id).where(Course.organisation_id.in_(owned)),
    )
    return await _views(session, principal, Course.id.in_(seen))


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
