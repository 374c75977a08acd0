"""`/v1/materials/{id}/notes`."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from studium.core.errors import Kind
from studium.core.identity import Principal
from studium.runtime.http import Caller, CoursesTransaction, EnginesOf, PeersOf
from studium.runtime.openapi import answers
from studium.runtime.service import Peers
from studium.services.courses.contract import Courses, CourseView
from studium.services.library.contract import Library, MaterialView
from studium.services.notes import service
from studium.services.notes.contract import NotesState, NotesView, Publication, WriteAgain

router = APIRouter()
PROBLEMS = answers(Kind.NOT_FOUND, Kind.FORBIDDEN)


async def _taught(peers: Peers, principal: Principal, material_id: UUID) -> None:
    material = await peers.get(Library).visible_material(principal, material_id)
    await peers.get(Courses).teach(principal, material.course_id)


async def _seen(
    peers: Peers, principal: Principal, material_id: UUID
) -> tuple[CourseView, MaterialView]:
    material = await peers.get(Library).visible_material(principal, material_id)
    return await peers.get(Courses).course(principal, material.course_id), material


@router.get("/v1/materials/{material_id}/notes", response_model=NotesView, responses=PROBLEMS)
async def read(
    material_id: UUID, principal: Caller, engines: EnginesOf, peers: PeersOf
) -> Response:
    course, material = await _seen(peers, principal, material_id)
    notes = await service.read(engines, course, material)
    return Response(notes, media_type="application/json")


@router.get("/v1/materials/{material_id}/notes/state", responses=PROBLEMS)
async def state(
    material_id: UUID, principal: Caller, engines: EnginesOf, peers: PeersOf
) -> NotesState:
    """How far they are, without reading them."""
    return await service.state(engines, *await _seen(peers, principal, material_id))


@router.post(
    "/v1/materials/{material_id}/notes",
    status_code=status.HTTP_202_ACCEPTED,
    responses=PROBLEMS,
)
async def write_again(
    material_id: UUID,
    wish: WriteAgain,
    principal: Caller,
    session: CoursesTransaction,
    peers: PeersOf,
) -> None:
    await _taught(peers, principal, material_id)
    await service.write_again(session, material_id, wish.section_id)


@router.put("/v1/materials/{material_id}/notes/published", responses=PROBLEMS)
async def publish(
    material_id: UUID,
    wish: Publication,
    principal: Caller,
    session: CoursesTransaction,
    peers: PeersOf,
) -> NotesView:
    await _taught(peers, principal, material_id)
    return await service.publish(session, material_id, published=wish.published)
