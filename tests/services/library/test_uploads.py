"""Uploads whose process ended in the middle leave nothing that is not found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from studium import bootstrap
from studium.core.errors import EngineUnavailableError
from studium.core.identity import new_id
from studium.runtime.database import Database, Scope, open_database
from studium.runtime.engines import Engines
from studium.services.library import uploads
from studium.settings import Settings
from tests.services.conftest import Person, client_of
from tests.services.library.books import tiny_book, upload
from tests.services.library.test_materials import objects_below


@pytest.fixture
async def system(settings: Settings) -> AsyncIterator[Database]:
    """No upload is on its way when a test begins."""
    opened = open_database(settings.courses_db_system)
    async with opened.transaction(Scope()) as session:
        await session.execute(text("DELETE FROM library.uploads"))
    yield opened
    await opened.close()


async def left_behind(engines: Engines, organisation_id: str, hours: float) -> Path:
    """What kill -9 leaves in the middle of an upload: a row, an object, a part of one."""
    organisation, material = UUID(organisation_id), new_id()
    async with engines.courses.transaction(Scope((organisation,))) as session:
        await uploads.announce(session, organisation, material)
        await session.execute(
            text("UPDATE library.uploads SET begun_at = now() - make_interval(hours => :hours)"),
            {"hours": hours},
        )
    async with engines.objects.create(f"{organisation}/{material}/book.pdf") as writer:
        await writer.write(b"%PDF-1.7 and then the power went")
    book: Path = engines.objects._folder / str(organisation) / str(material) / "book.pdf"  # type: ignore[attr-defined]
    book.with_name("book.pdf#1").write_bytes(b"%PDF")
    return book


async def on_their_way(engines: Engines, person: Person) -> int:
    async with engines.courses.transaction(Scope((UUID(person.organisation_id),))) as session:
        return int(await session.scalar(text("SELECT count(*) FROM library.uploads")) or 0)


async def test_what_a_killed_process_left_is_removed_after_a_day(
    ada: Person, engines: Engines, system: Database
) -> None:
    course = await ada.course()
    await upload(ada, course["id"], tiny_book())
    (kept,) = await objects_below(engines, ada.organisation_id)
    await left_behind(engines, ada.organisation_id, 25)
    assert await uploads.sweep(system, engines.objects) == 1
    assert await objects_below(engines, ada.organisation_id) == [kept]
    assert await on_their_way(engines, ada) == 0
    assert await uploads.sweep(system, engines.objects) == 0


async def test_an_upload_on_its_way_is_left_alone(
    ada: Person, engines: Engines, system: Database
) -> None:
    book = await left_behind(engines, ada.organisation_id, 23)
    assert await uploads.sweep(system, engines.objects) == 0
    assert book.exists()
    assert await on_their_way(engines, ada) == 1


async def test_an_upload_that_was_cleared_away_is_not_accepted(
    ada: Person, engines: Engines, system: Database
) -> None:
    """It took more than a day: the sweep comes between its last byte and its acceptance."""
    course = await ada.course()

    class Slow(Between):
        async def then(self) -> None:
            async with system.transaction(Scope()) as session:
                await session.execute(
                    text("UPDATE library.uploads SET begun_at = now() - interval '25 hours'")
                )
            assert await uploads.sweep(system, engines.objects) == 1

    async with served(replace(engines, objects=Slow(engines.objects)), ada) as api:
        late = await upload(replace(ada, api=api), course["id"], tiny_book(), check=False)
    assert (late.status_code, late.json()["type"].rsplit("/")[-1]) == (409, "too-slow")
    assert (await ada.api.get(f"/v1/courses/{course['id']}/materials")).json()["items"] == []
    assert await objects_below(engines, ada.organisation_id) == []


async def test_a_commit_whose_answer_was_lost_keeps_its_file(ada: Person, engines: Engines) -> None:
    """The connection breaks after PostgreSQL has committed: the row is there, so must the file."""
    course = await ada.course()

    lost_answers: list[Scope] = []

    class LosesAnswers(Database):
        @asynccontextmanager
        async def transaction(self, scope: Scope) -> AsyncIterator[Any]:
            async with Database.transaction(self, scope) as session:
                yield session
                books = await session.scalar(text("SELECT count(*) FROM library.materials"))
            if books and not lost_answers:
                lost_answers.append(scope)
                raise EngineUnavailableError("the connection was lost")

    lossy = LosesAnswers(engines.courses.engine, engines.courses.subscriptions)
    async with served(replace(engines, courses=lossy), ada) as api:
        lost = await upload(replace(ada, api=api), course["id"], tiny_book(), check=False)
    assert lost.status_code == 503
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    again = await upload(ada, course["id"], tiny_book())
    assert again.status_code == 200, "the book is there already"
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    assert await on_their_way(engines, ada) == 0


class Between:
    """An object store where something happens after an object was written."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @asynccontextmanager
    async def create(self, key: str) -> AsyncIterator[Any]:
        async with self._real.create(key) as writer:
            yield writer
        await self.then()

    async def then(self) -> None:
        """What happens."""


@asynccontextmanager
async def served(engines: Engines, person: Person) -> AsyncIterator[Any]:
    """The person's client of an application with these engines."""
    ready = bootstrap.readiness(engines)
    app = bootstrap.build_app(
        engines, bootstrap.gather_peers(engines), ready, list(bootstrap.SERVICES)
    )
    async with client_of(app) as api:
        api.headers["Authorization"] = person.api.headers["Authorization"]
        yield api
