"""`/v1/courses` and `/v1/invitations`."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response, status
from fastapi.routing import APIRoute

from studium.core.errors import Kind
from studium.runtime.http import (
    Caller,
    CoursesTransaction,
    EnginesOf,
    PeersOf,
    caller,
    engines_of,
)
from studium.runtime.openapi import answers
from studium.runtime.paging import USUAL, Cursor, Limit
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
Code = Annotated[str, Path(max_length=40, pattern=r"^[^\x00]+$")]
"""Any: spaces around it and small letters are mended, and what is no code is no invitation."""
OF_MEMBERS = answers(Kind.NOT_FOUND)
OF_TEACHERS = answers(Kind.NOT_FOUND, Kind.FORBIDDEN)


@router.post("/v1/courses", status_code=status.HTTP_201_CREATED, responses=answers(Kind.FORBIDDEN))
async def create(
    wish: NewCourse,
    principal: Caller,
    session: CoursesTransaction,
    peers: PeersOf,
) -> CourseView:
    personal = await peers.get(Identity).personal(principal)
    return await service.create(session, principal, wish, personal)


class FirstPage(APIRoute):
    """Every screen asks for the first page of the list, and the cache has it as JSON: it is handed
    on without FastAPI's reading of parameters, which costs more than the rest of the call.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        usual = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.url.query:
                return await usual(request)
            page = await service.newest(await engines_of(request), caller(request))
            return Response(page, media_type="application/json")

        return handler


listed = APIRouter(route_class=FirstPage)


@listed.get("/v1/courses")
async def visible(
    principal: Caller, engines: EnginesOf, cursor: Cursor = None, limit: Limit = USUAL
) -> CourseList:
    return await service.visible(engines, principal, cursor, limit)


router.include_router(listed)


@router.get("/v1/courses/{course_id}", responses=OF_MEMBERS)
async def read(course_id: UUID, principal: Caller, peers: PeersOf) -> CourseView:
    return await peers.get(Courses).course(principal, course_id)


@router.patch("/v1/courses/{course_id}", responses=OF_TEACHERS)
async def change(
    course_id: UUID,
    wish: CourseChange,
    principal: Caller,
    session: CoursesTransaction,
) -> CourseView:
    return await service.change(session, principal, course_id, wish)


@router.delete(
    "/v1/courses/{course_id}", status_code=status.HTTP_204_NO_CONTENT, responses=OF_TEACHERS
)
async def delete(course_id: UUID, principal: Caller, session: CoursesTransaction) -> None:
    await service.delete(session, principal, course_id)


@router.post(
    "/v1/courses/{course_id}/invitations",
    status_code=status.HTTP_201_CREATED,
    responses=OF_TEACHERS,
)
async def invite(course_id: UUID, principal: Caller, session: CoursesTransaction) -> InvitationView:
    return await service.invite(session, principal, course_id)


@router.get("/v1/courses/{course_id}/enrolments", responses=OF_TEACHERS)
async def people(
    course_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> EnrolmentList:
    identity = peers.get(Identity)
    return EnrolmentList(items=await service.people(session, identity, principal, course_id))


@router.post("/v1/invitations/{code}/accept", responses=answers(Kind.NOT_FOUND, Kind.CONFLICT))
async def accept(code: Code, principal: Caller, engines: EnginesOf, peers: PeersOf) -> JoinedView:
    return await service.accept(engines, peers.get(Identity), principal, code)
