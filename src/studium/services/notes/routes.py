"""`/v1/materials/{id}/notes`."""

from uuid import UUID

from fastapi import APIRouter, status

from studium.core.errors import Kind
from studium.core.identity import Principal
from studium.runtime.http import Caller, CoursesTransaction, PeersOf
from studium.runtime.openapi import answers
from studium.runtime.service import Peers
from studium.services.courses.contract import Courses
from studium.services.library.contract import Library
from studium.services.notes import service
from studium.services.notes.contract import NotesView, Publication, WriteAgain

router = APIRouter()
PROBLEMS = answers(Kind.NOT_FOUND, Kind.FORBIDDEN)


async def _taught(peers: Peers, principal: Principal, material_id: UUID) -> None:
    material = await peers.get(Library).visible_material(principal, material_id)
    await peers.get(Courses).teach(principal, material.course_id)


@router.get("/v1/materials/{material_id}/notes", responses=PROBLEMS)
async def read(
    material_id: UUID, principal: Caller, session: CoursesTransaction, peers: PeersOf
) -> NotesView:
    material = await peers.get(Library).visible_material(principal, material_id)
    course = await peers.get(Courses).course(principal, material.course_id)
    return await service.read(session, course, material)


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
