"""`/v1/courses/{id}/materials`, `/v1/materials` and search."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from studium.core.errors import Kind
from studium.core.identity import Principal
from studium.core.ports import SearchMode
from studium.runtime.database import Scope, scope_of
from studium.runtime.engines import Engines
from studium.runtime.http import Caller, CoursesTransaction, EnginesOf, PeersOf, limited
from studium.runtime.http_bodies import may_be_long, streamed
from studium.runtime.openapi import Responses, answers
from studium.runtime.paging import Cursor, Limit, page
from studium.runtime.ranges import byte_range
from studium.runtime.service import Peers
from studium.services.courses.contract import Courses
from studium.services.library import downloads, queries, search, service, shelf, storage
from studium.services.library.contract import (
    LinkView,
    MaterialList,
    MaterialView,
    SearchView,
    StorageView,
)
from studium.services.library.models import Material
from studium.services.library.receive import disposition, incoming_file

router = APIRouter()
PDF = {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
OF_A_FILE: Responses = {
    200: {"description": "the whole file", **PDF},
    206: {"description": "one range of it", **PDF},
    **answers(Kind.NOT_FOUND, Kind.OUT_OF_RANGE),
}
Ticket = Annotated[str, Path(max_length=1024, pattern=r"^[\w.-]+$")]
OF_MEMBERS = answers(Kind.NOT_FOUND)
OF_TEACHERS = answers(Kind.NOT_FOUND, Kind.FORBIDDEN)
IN_TIME = answers(Kind.NOT_FOUND, Kind.FORBIDDEN, Kind.CONFLICT)


@router.post(
    "/v1/courses/{course_id}/materials",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        200: {"model": MaterialView, "description": "the same file is here already"},
        **IN_TIME,
        **answers(Kind.UNSUPPORTED),
    },
    dependencies=[limited("uploads"), Depends(may_be_long)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary", "minLength": 1}
                        },
                    }
                }
            },
        }
    },
)
async def upload(
    course_id: UUID,
    request: Request,
    response: Response,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
) -> MaterialView:
    course = await peers.get(Courses).teach(principal, course_id)
    file = await incoming_file(request.headers.get("content-type", ""), streamed(request))
    accepted = await service.upload(engines, principal, course, file)
    if not accepted.is_new:
        response.status_code = status.HTTP_200_OK
    return accepted.material


@router.get("/v1/courses/{course_id}/materials", responses=OF_MEMBERS)
async def of_course(
    course_id: UUID,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> MaterialList:
    course = await peers.get(Courses).course(principal, course_id)
    items, following = page(await shelf.of_course(engines, course), cursor, limit)
    return MaterialList(items=items, next=following)


@router.get("/v1/courses/{course_id}/storage", responses=OF_TEACHERS)
async def stored(
    course_id: UUID,
    principal: Caller,
    session: CoursesTransaction,
    engines: EnginesOf,
    peers: PeersOf,
) -> StorageView:
    """For teachers: how full the organisation's storage is."""
    course = await peers.get(Courses).teach(principal, course_id)
    used = await storage.used(session, course.organisation_id)
    return StorageView(used=used, quota=engines.limits.quota_bytes or None)


@router.get("/v1/materials/{material_id}", responses=OF_MEMBERS)
async def read(
    material_id: UUID, principal: Caller, engines: EnginesOf, peers: PeersOf
) -> MaterialView:
    view = await shelf.material(engines, principal, material_id)
    await peers.get(Courses).course(principal, view.course_id)
    return view


@router.post("/v1/materials/{material_id}/cancel", responses=IN_TIME)
async def cancel(
    material_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> MaterialView:
    await _teach(session, peers, principal, material_id)
    return await service.cancel(session, material_id)


@router.post("/v1/materials/{material_id}/retry", responses=IN_TIME)
async def retry(
    material_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> MaterialView:
    await _teach(session, peers, principal, material_id)
    return await service.retry(session, material_id)


@router.delete(
    "/v1/materials/{material_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=OF_TEACHERS,
)
async def remove(
    material_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> None:
    await _teach(session, peers, principal, material_id)
    await service.remove(session, material_id)


@router.get(
    "/v1/materials/{material_id}/file",
    response_class=StreamingResponse,
    responses=OF_A_FILE,
)
async def file(
    material_id: UUID,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
    wanted: Annotated[str, Header(alias="range")] = "",
) -> StreamingResponse:
    """The PDF, whole or one range of it (RFC 9110 section 14)."""
    async with engines.courses.transaction(scope_of(principal)) as session:
        material = await queries.found(session, material_id)
    await peers.get(Courses).course(principal, material.course_id)
    return _streamed(engines, material, wanted, {"Cache-Control": "private, max-age=3600"})


@router.get("/v1/materials/{material_id}/link", responses=OF_MEMBERS)
async def link(
    material_id: UUID,
    principal: Caller,
    session: CoursesTransaction,
    engines: EnginesOf,
    peers: PeersOf,
) -> LinkView:
    """An address of the PDF that works without a token for five minutes, as for a download."""
    material = await queries.found(session, material_id)
    await peers.get(Courses).course(principal, material.course_id)
    return await downloads.link(engines, material)


@router.get("/v1/downloads/{ticket}", response_class=StreamingResponse, responses=OF_A_FILE)
async def download(
    ticket: Ticket,
    engines: EnginesOf,
    wanted: Annotated[str, Header(alias="range")] = "",
) -> StreamingResponse:
    """The PDF that a link names, whole or one range of it."""
    asked = downloads.linked(engines, ticket)
    seen = Scope(organisations=(asked.organisation_id,))
    async with engines.courses.transaction(seen) as session:
        material = await queries.found(session, asked.subject)
    return _streamed(engines, material, wanted, {})


def _streamed(
    engines: Engines, material: Material, wanted: str, caching: Mapping[str, str]
) -> StreamingResponse:
    """After the transaction: a download may outlast any that a request should hold."""
    part = byte_range(wanted, material.bytes)
    return StreamingResponse(
        engines.objects.read(material.object_key, part.start, part.end),
        status_code=status.HTTP_206_PARTIAL_CONTENT if part.partial else status.HTTP_200_OK,
        media_type="application/pdf",
        headers={
            **part.headers(material.bytes),
            **caching,
            "ETag": f'"{material.sha256.hex()}"',
            "Content-Disposition": disposition(material.file_name),
        },
    )


@router.get(
    "/v1/courses/{course_id}/search",
    responses=answers(Kind.NOT_FOUND, Kind.TOO_MANY),
    dependencies=[limited("searches")],
)
async def find(
    course_id: UUID,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    mode: SearchMode = "hybrid",
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> SearchView:
    course = await peers.get(Courses).course(principal, course_id)
    return await search.in_course(engines, course, q, mode, limit)


async def _teach(
    session: CoursesTransaction, peers: Peers, principal: Principal, material_id: UUID
) -> None:
    material = await queries.found(session, material_id)
    await peers.get(Courses).teach(principal, material.course_id)
