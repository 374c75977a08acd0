"""How much an organisation may store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from studium import bootstrap
from studium.runtime.engines import Engines
from tests.services.conftest import Person, Register, client_of
from tests.services.library.books import tiny_book, upload
from tests.services.library.test_materials import objects_below

SIZE = len(tiny_book())


@pytest.fixture
async def cleo(engines: Engines, register: Register) -> AsyncIterator[Person]:
    """Her Studium allows two and a half tiny books."""
    narrow = replace(engines, limits=replace(engines.limits, quota_bytes=SIZE * 5 // 2))
    ready = bootstrap.readiness(narrow)
    app = bootstrap.build_app(
        narrow, bootstrap.gather_peers(narrow), ready, list(bootstrap.SERVICES)
    )
    person = await register("Cleo")
    async with client_of(app) as api:
        api.headers["Authorization"] = person.api.headers["Authorization"]
        yield replace(person, api=api)


def book(number: int) -> bytes:
    return tiny_book() + b"%% %d" % number


async def used(person: Person, course_id: str) -> tuple[int, int]:
    answer = (await person.api.get(f"/v1/courses/{course_id}/storage")).json()
    return answer["used"], answer["quota"]


async def test_a_book_over_the_quota_is_refused_and_leaves_nothing(
    cleo: Person, engines: Engines
) -> None:
    course = await cleo.course()
    for number in (1, 2):
        await upload(cleo, course["id"], book(number))
    refused = await upload(cleo, course["id"], book(3), check=False)
    assert (refused.status_code, refused.json()["type"][-14:]) == (413, "quota-exceeded")
    assert "the books that are there stay" in refused.json()["detail"]
    assert await used(cleo, course["id"]) == (len(book(1)) * 2, SIZE * 5 // 2)
    assert len(await objects_below(engines, cleo.organisation_id)) == 2


async def test_what_is_deleted_makes_room(cleo: Person) -> None:
    course = await cleo.course()
    first = (await upload(cleo, course["id"], book(1))).json()
    await upload(cleo, course["id"], book(2))
    assert (await cleo.api.delete(f"/v1/materials/{first['id']}")).is_success
    assert (await upload(cleo, course["id"], book(3))).status_code == 202


async def test_uploads_side_by_side_do_not_pass_it_together(cleo: Person) -> None:
    course = await cleo.course()
    answers = await asyncio.gather(
        *(upload(cleo, course["id"], book(number), check=False) for number in range(8))
    )
    assert sorted(each.status_code for each in answers) == [202] * 2 + [413] * 6
    assert (await used(cleo, course["id"]))[0] == len(book(1)) * 2


async def test_students_do_not_see_it(ada: Person, ben: Person) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    assert (await ben.api.get(f"/v1/courses/{course['id']}/storage")).status_code == 403
