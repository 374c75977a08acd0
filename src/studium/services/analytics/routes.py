"""`/v1/events` and `/v1/courses/{id}/analytics`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from studium.core.errors import Kind
from studium.runtime.http import Caller, EnginesOf, PeersOf, limited
from studium.runtime.openapi import answers
from studium.services.analytics import service
from studium.services.analytics.contract import AcceptedView, ActivityView, LearningEvents
from studium.services.courses.contract import Courses

router = APIRouter()
MOST_DAYS = 366


@router.post(
    "/v1/events",
    status_code=status.HTTP_202_ACCEPTED,
    responses=answers(Kind.NOT_FOUND),
    dependencies=[limited("events")],
)
async def take(
    wish: LearningEvents, principal: Caller, engines: EnginesOf, peers: PeersOf
) -> AcceptedView:
    return await service.take(engines, peers.get(Courses), principal, wish)


@router.get(
    "/v1/courses/{course_id}/analytics/activity",
    responses=answers(Kind.NOT_FOUND, Kind.FORBIDDEN),
)
async def activity(
    course_id: UUID,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 28,
) -> ActivityView:
    return await service.activity(engines, peers.get(Courses), principal, course_id, days)
