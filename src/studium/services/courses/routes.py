"""`/v1/courses` and `/v1/invitations`."""

from uuid import UUID

from fastapi import APIRouter, status

from studium.runtime.http import Caller, CoursesTransaction, EnginesOf, PeersOf
from studium.runtime.paging import Cursor, Limit, page
from studium.services.auth.contract import Identity
from studium.services.courses import service
from studium.services.courses.contract import (
    CourseChange,
    CourseList,
    Courses,
    CourseView,
    EnrolmentList,
    InvitationView,
    JoinedView,
    NewCourse,
)

router = APIRouter()


@router.post("/v1/courses", status_code=status.HTTP_201_CREATED)
async def create(
    wish: NewCourse,
    principal: Caller,
    session: CoursesTransaction,
    engines: EnginesOf,
    peers: PeersOf,
) -> CourseView:
    personal = await peers.get(Identity).personal(principal)
    return await service.create(session, engines.cache, principal, wish, personal)


@router.get("/v1/courses")
async def visible(
    principal: Caller, engines: EnginesOf, cursor: Cursor = None, limit: Limit = 50
) -> CourseList:
    items, following = page(await service.visible(engines, principal), cursor, limit)
    return CourseList(items=items, next=following)


@router.get("/v1/courses/{course_id}")
async def read(course_id: UUID, principal: Caller, peers: PeersOf) -> CourseView:
    return await peers.get(Courses).course(principal, course_id)


@router.patch("/v1/courses/{course_id}")
async def change(
    course_id: UUID,
    wish: CourseChange,
    principal: Caller,
    session: CoursesTransaction,
    engines: EnginesOf,
) -> CourseView:
    return await service.change(session, engines.cache, principal, course_id, wish)


@router.delete("/v1/courses/{course_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete(
    course_id: UUID, principal: Caller, session: CoursesTransaction, engines: EnginesOf
) -> None:
    await service.delete(session, engines.cache, principal, course_id)


@router.post("/v1/courses/{course_id}/invitations", status_code=status.HTTP_201_CREATED)
async def invite(course_id: UUID, principal: Caller, session: CoursesTransaction) -> InvitationView:
    return await service.invite(session, principal, course_id)


@router.get("/v1/courses/{course_id}/enrolments")
async def people(
    course_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> EnrolmentList:
    identity = peers.get(Identity)
    return EnrolmentList(items=await service.people(session, identity, principal, course_id))


@router.post("/v1/invitations/{code}/accept")
async def accept(code: str, principal: Caller, engines: EnginesOf, peers: PeersOf) -> JoinedView:
    return await service.accept(engines, peers.get(Identity), principal, code)
