"""`contract.Library` where this service runs in the same process."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.identity import Principal
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.library import queries, shelf
from studium.services.library.contract import (
    MaterialView,
    PassageView,
    SectionSource,
    SectionView,
)


@dataclass(frozen=True, slots=True)
class LocalLibrary:
    engines: Engines

    def _inside(self, organisation_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        return self.engines.courses.transaction(Scope((organisation_id,)))

    async def section(
        self, organisation_id: UUID, material_id: UUID, section: int
    ) -> SectionSource:
        async with self._inside(organisation_id) as session:
            return await queries.section_source(session, material_id, section)

    async def page_texts(
        self, organisation_id: UUID, material_id: UUID, first: int, last: int
    ) -> dict[int, str]:
        async with self._inside(organisation_id) as session:
            return await queries.page_texts(session, material_id, first, last)

    async def sections(self, organisation_id: UUID, material_id: UUID) -> list[SectionView]:
        async with self._inside(organisation_id) as session:
            return await queries.sections(session, material_id)

    async def material(self, organisation_id: UUID, material_id: UUID) -> MaterialView:
        async with self._inside(organisation_id) as session:
            return await queries.view(session, material_id)

    async def visible_material(self, principal: Principal, material_id: UUID) -> MaterialView:
        return await shelf.material(self.engines, principal, material_id)

    async def passages(
        self, organisation_id: UUID, passage_ids: Sequence[UUID]
    ) -> list[PassageView]:
        async with self._inside(organisation_id) as session:
            return await queries.passages(session, passage_ids)
