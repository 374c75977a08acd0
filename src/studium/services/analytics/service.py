"""Reading and quiz activity of a course.

| file | holds |
|---|---|
| records.py | what travels from the routes and handlers to the warehouse |
| sink.py | the worker that takes it there |
"""

from datetime import timedelta
from uuid import UUID

from studium.core.event import now
from studium.core.identity import Principal
from studium.runtime.engines import Engines
from studium.services.analytics import records
from studium.services.analytics.contract import (
    AcceptedView,
    ActivityView,
    CountView,
    LearningEvents,
)
from studium.services.courses.contract import Courses


async def take(
    engines: Engines, courses: Courses, principal: Principal, wish: LearningEvents
) -> AcceptedView:
    """Returns once the broker keeps them. Raises `NotFoundError`, `EngineUnavailableError`."""
    course = await courses.course(principal, wish.course_id)
    record = records.of_person(wish.events, course, principal.account_id, now())
    await engines.records.append(records.GROUP, [record])
    return AcceptedView(accepted=len(wish.events))


async def activity(
    engines: Engines, courses: Courses, principal: Principal, course_id: UUID, days: int
) -> ActivityView:
    """The last `days`, today included. Raises `NotFoundError`, `ForbiddenError`."""
    course = await courses.teach(principal, course_id)
    last = now().date()
    first = last - timedelta(days=days - 1)
    counts = await engines.warehouse.activity(course.organisation_id, course.id, first, last)
    items = tuple(CountView.model_validate(each) for each in counts)
    return ActivityView(first=first, last=last, items=items)
