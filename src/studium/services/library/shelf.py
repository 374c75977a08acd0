"""Books as people see them: their views, through the cache."""

from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from studium.core.identity import Principal
from studium.runtime.caching import cached_json
from studium.runtime.database import Scope, scope_of
from studium.runtime.engines import Engines
from studium.services.courses.contract import CourseView
from studium.services.library import queries
from studium.services.library.contract import MaterialView


class Shelved(BaseModel):
    """A cached view, and whose it is: the cache knows no row-level security."""

    organisation_id: UUID
    view: MaterialView


_SHELVED, _SHELF = TypeAdapter(Shelved), TypeAdapter(tuple[MaterialView, ...])


async def material(engines: Engines, principal: Principal, material_id: UUID) -> MaterialView:
    """The single view, of a book in one of the caller's organisations. Raises `NotFoundError`."""

    async def load() -> Shelved:
        async with engines.courses.transaction(scope_of(principal)) as session:
            found = await queries.found(session, material_id)
            view = await queries.view(session, material_id)
            return Shelved(organisation_id=found.organisation_id, view=view)

    kept = await cached_json(
        engines.cache,
        queries.key(material_id),
        _SHELVED,
        load,
        changing=lambda shelved: _is_changing(shelved.view),
        loader=frozenset(principal.organisations),
    )
    shelved = _SHELVED.validate_json(kept)
    if shelved.organisation_id not in principal.organisations:
        raise queries.not_found()
    return shelved.view


async def of_course(engines: Engines, course: CourseView) -> tuple[MaterialView, ...]:
    """Newest first."""

    async def load() -> tuple[MaterialView, ...]:
        async with engines.courses.transaction(Scope((course.organisation_id,))) as session:
            return tuple(await queries.of_course(session, course.id))

    kept = await cached_json(
        engines.cache,
        queries.shelf_key(course.id),
        _SHELF,
        load,
        changing=lambda views: any(map(_is_changing, views)),
    )
    return _SHELF.validate_json(kept)


def _is_changing(view: MaterialView) -> bool:
    return view.status == "processing"
