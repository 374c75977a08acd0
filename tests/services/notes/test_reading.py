"""Notes are read through the cache, and what changes shows at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.identity import new_id
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.notes import queries, service
from studium.services.notes.models import NoteSection, NoteSet
from tests.services.conftest import Person
from tests.services.library.books import upload_tiny_book

PATIENCE = 20


@dataclass(frozen=True, slots=True)
class Notes:
    """Of a book of Ada's, with one section."""

    engines: Engines
    owner: Person
    course: str
    material: UUID

    @property
    def path(self) -> str:
        return f"/v1/materials/{self.material}/notes"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        scope = Scope((UUID(self.owner.organisation_id),))
        async with self.engines.courses.transaction(scope) as session:
            yield session

    async def behind_the_back(self, **values: Any) -> None:
        """A change that nobody tells the cache of."""
        mine = NoteSet.material_id == self.material
        async with self.transaction() as session:
            await session.execute(update(NoteSet).where(mine).values(**values))

    async def shown(self, person: Person) -> tuple[Any, Any]:
        """The whole and the state, which say the same."""
        whole = (await person.api.get(self.path)).raise_for_status().json()
        state = (await person.api.get(f"{self.path}/state")).raise_for_status().json()
        assert {name: whole[name] for name in state} == state
        return whole, state


@pytest.fixture
async def notes(engines: Engines, ada: Person) -> Notes:
    course = (await ada.course())["id"]
    material = UUID((await upload_tiny_book(ada, course)).json()["id"])
    made = Notes(engines, ada, course, material)
    owner = {"material_id": material, "organisation_id": UUID(ada.organisation_id)}
    about = {"course_id": UUID(course), "uploaded_by": UUID(ada.account["id"]), "version": 1}
    async with made.transaction() as session:
        session.add(NoteSet(**owner, **about, title="Book", generator="g", status="ready", total=1))
        await session.flush()
        session.add(
            NoteSection(
                id=new_id(),
                **owner,
                index=0,
                heading="One",
                path=[],
                level=1,
                first_page=1,
                last_page=1,
                status="ready",
            )
        )
    return made


async def test_what_was_read_is_not_read_again(ada: Person, notes: Notes) -> None:
    first, _ = await notes.shown(ada)
    assert [each["heading"] for each in first["sections"]] == ["One"]
    await notes.behind_the_back(title="Changed")
    again, _ = await notes.shown(ada)
    assert again == first


async def test_what_is_being_written_is_kept_for_a_moment_only(ada: Person, notes: Notes) -> None:
    """So that a book's end is seen also where nobody could tell the cache."""
    await notes.behind_the_back(status="writing")
    assert (await notes.shown(ada))[1]["written"] == 0
    await notes.behind_the_back(written=1)
    async with asyncio.timeout(PATIENCE):
        while (await notes.shown(ada))[1]["written"] == 0:  # noqa: ASYNC110 - until its moment is over
            await asyncio.sleep(0.1)


async def test_what_is_published_or_taken_back_shows_at_once(
    ada: Person, ben: Person, notes: Notes
) -> None:
    await ada.enrol(ben, notes.course)
    for published in (True, False, True):
        refused = 200 if not published else 403
        assert (await ben.api.get(notes.path)).status_code == refused
        told = {"published": published}
        (await ada.api.put(f"{notes.path}/published", json=told)).raise_for_status()
        allowed = 200 if published else 403
        assert (await ben.api.get(notes.path)).status_code == allowed
        assert (await ben.api.get(f"{notes.path}/state")).status_code == allowed
        assert (await notes.shown(ada))[0]["published"] is published


async def test_sections_that_are_asked_for_again_show_at_once(ada: Person, notes: Notes) -> None:
    assert (await notes.shown(ada))[1]["status"] == "ready"
    (await ada.api.post(notes.path, json={})).raise_for_status()
    whole, _ = await notes.shown(ada)
    assert (whole["status"], whole["sections"][0]["status"]) == ("writing", "waiting")


async def test_a_section_that_fails_shows_at_once(ada: Person, notes: Notes) -> None:
    await notes.shown(ada)
    async with notes.transaction() as session:
        found = await queries.found(session, notes.material)
        await service.fail_section(session, found, 0)
    assert (await notes.shown(ada))[0]["sections"][0]["status"] == "failed"
