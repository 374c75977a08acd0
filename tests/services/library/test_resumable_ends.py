"""How resumable uploads end: as a book, by word, by time; and the room they take until then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from studium.runtime.database import Database, Scope, open_database
from studium.runtime.engines import Engines
from studium.services.library.tus import service as tus
from studium.settings import Settings
from tests.services.conftest import Person, Register
from tests.services.library.books import tiny_book, upload
from tests.services.library.test_materials import objects_below
from tests.services.library.test_uploads import Between, served
from tests.services.library.tus import (
    begin,
    create,
    end,
    events,
    kind,
    look,
    materials,
    offset,
    patch,
    storage,
)

BOOK = tiny_book()
SIZE = len(BOOK)


# ── the end ───────────────────────────────────────────────────────────────────────────────────
async def test_a_book_that_is_there_already_is_named(ada: Person, engines: Engines) -> None:
    course = await ada.course()
    there = (await upload(ada, course["id"], BOOK)).json()["id"]
    place = await begin(ada.api, course["id"], SIZE)
    answer = await patch(ada.api, place, 0, BOOK)
    assert answer.headers["studium-material"] == there
    assert (await look(ada.api, place)).headers["studium-material"] == there
    assert len(await materials(ada, course)) == 1
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    assert await storage(ada, course) == SIZE


async def test_what_is_no_pdf_is_refused_at_its_end_and_leaves_nothing(
    ada: Person, engines: Engines
) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], 4000)
    await patch(ada.api, place, 0, b"<html>" * 500)
    assert kind(await patch(ada.api, place, 3000, b"x" * 1000)) == (415, "not-a-pdf")
    assert (await look(ada.api, place)).status_code == 404
    assert await objects_below(engines, ada.organisation_id) == []
    assert await storage(ada, course) == 0


async def test_asking_again_makes_the_book_where_a_process_ended_before_it_could(
    ada: Person, other: httpx.AsyncClient, engines: Engines
) -> None:
    course = await ada.course()

    class Dies(Between):
        def read(self, key: str, start: int = 0, end: int | None = None) -> Any:
            raise asyncio.CancelledError

    async with served(replace(engines, objects=Dies(engines.objects)), ada) as api:
        place = await begin(api, course["id"], SIZE)
        await patch(api, place, 0, BOOK[:3000])
        with pytest.raises(asyncio.CancelledError):
            await patch(api, place, 3000, BOOK[3000:])
    assert await materials(ada, course) == []
    told = await asyncio.gather(*(look(api, place) for api in (other, ada.api) * 3))
    assert {offset(each) for each in told} == {SIZE}
    assert {f"/v1/uploads/{each.headers['studium-material']}" for each in told} == {place}
    again = await patch(other, place, SIZE, b"")
    assert (again.status_code, offset(again)) == (204, SIZE)
    (shown,) = await materials(ada, course)
    assert (await ada.api.get(f"/v1/materials/{shown['id']}/file")).content == BOOK
    assert await events(engines, ada) == 1
    assert len(await objects_below(engines, ada.organisation_id)) == 1


# ── termination and expiration ────────────────────────────────────────────────────────────────
async def test_an_upload_that_was_ended_is_gone(ada: Person, engines: Engines) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE)
    await patch(ada.api, place, 0, BOOK[:3000])
    ended = await end(ada.api, place)
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await look(ada.api, place)).status_code == 404
    assert kind(await patch(ada.api, place, 3000, BOOK[3000:])) == (404, "not-found")
    assert await objects_below(engines, ada.organisation_id) == []
    assert await storage(ada, course) == 0


async def test_ending_an_upload_that_became_a_book_leaves_the_book(ada: Person) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE)
    material = (await patch(ada.api, place, 0, BOOK)).headers["studium-material"]
    assert (await end(ada.api, place)).status_code == 204
    assert (await look(ada.api, place)).status_code == 404
    assert (await ada.api.get(f"/v1/materials/{material}/file")).content == BOOK


@pytest.fixture
async def system(settings: Settings) -> AsyncIterator[Database]:
    """No upload is on its way when a test begins."""
    opened = open_database(settings.courses_db_system)
    async with opened.transaction(Scope()) as session:
        await session.execute(text("DELETE FROM library.resumable_uploads"))
    yield opened
    await opened.close()


async def a_day_later(system: Database) -> None:
    async with system.transaction(Scope()) as session:
        await session.execute(
            text(
                "UPDATE library.resumable_uploads SET expires_at = expires_at - interval '24 hours'"
            )
        )


async def test_what_nobody_goes_on_with_expires_after_a_day(
    ada: Person, engines: Engines, system: Database
) -> None:
    course = await ada.course()
    left, done = [await begin(ada.api, course["id"], SIZE) for _ in range(2)]
    await patch(ada.api, left, 0, BOOK[:3000])
    material = (await patch(ada.api, done, 0, BOOK)).headers["studium-material"]
    assert await tus.sweep(system, engines.objects) == 0
    await a_day_later(system)
    assert await storage(ada, course) == SIZE, "its place is free before it is cleared away"
    assert (await look(ada.api, left)).status_code == 404
    assert await tus.sweep(system, engines.objects) == 2
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    assert (await ada.api.get(f"/v1/materials/{material}/file")).content == BOOK
    assert await tus.sweep(system, engines.objects) == 0


async def test_each_chunk_gives_another_day(ada: Person, system: Database) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    async with system.transaction(Scope()) as session:
        await session.execute(
            text("UPDATE library.resumable_uploads SET expires_at = now() + interval '1 hour'")
        )
    before = await look(ada.api, place)
    after = await patch(ada.api, place, 0, BOOK[:10])
    dates = [parsedate_to_datetime(each.headers["upload-expires"]) for each in (before, after)]
    assert (dates[1] - dates[0]).total_seconds() > 22 * 3600


# ── room ──────────────────────────────────────────────────────────────────────────────────────
async def test_an_upload_on_its_way_has_its_place(engines: Engines, register: Register) -> None:
    """Its whole length counts from the beginning: whatever began can end, and nobody stores more
    than the quota in uploads that never do.
    """
    narrow = replace(engines, limits=replace(engines.limits, quota_bytes=SIZE * 5 // 2))
    cleo = await register("Cleo")
    async with served(narrow, cleo) as api:
        course = await cleo.course()
        first, second = [await begin(api, course["id"], SIZE) for _ in range(2)]
        assert await storage(cleo, course) == SIZE * 2
        assert kind(await create(api, course["id"], SIZE)) == (413, "quota-exceeded")
        plain = await upload(replace(cleo, api=api), course["id"], tiny_book("x"), check=False)
        assert plain.status_code == 413
        await end(api, first)
        third = await begin(api, course["id"], len(tiny_book("x")))
        assert (await patch(api, second, 0, BOOK)).headers["studium-material"]
        assert (await patch(api, third, 0, tiny_book("x"))).headers["studium-material"]
        assert await storage(cleo, course) == SIZE + len(tiny_book("x"))


async def test_uploads_that_begin_side_by_side_do_not_pass_the_quota(
    engines: Engines, register: Register
) -> None:
    narrow = replace(engines, limits=replace(engines.limits, quota_bytes=SIZE * 5 // 2))
    cleo = await register("Cleo")
    async with served(narrow, cleo) as api:
        course = await cleo.course()
        begun = await asyncio.gather(*(create(api, course["id"], SIZE) for _ in range(8)))
    assert sorted(each.status_code for each in begun) == [201] * 2 + [413] * 6
