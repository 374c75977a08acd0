"""Books are read through the cache, what changes shows at once, and nobody sees another's."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import text

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from tests.services.conftest import Person
from tests.services.library.books import tiny_book, upload, upload_tiny_book


async def listed(person: Person, course: str) -> list[str]:
    answer = await person.api.get(f"/v1/courses/{course}/materials")
    return [each["id"] for each in answer.raise_for_status().json()["items"]]


async def read(person: Person, material: str) -> Any:
    """The single view; that of the list is the same but for the labels of the pages."""
    single = (await person.api.get(f"/v1/materials/{material}")).raise_for_status().json()
    shelf = await person.api.get(f"/v1/courses/{single['course_id']}/materials")
    (same,) = (each for each in shelf.json()["items"] if each["id"] == material)
    assert {**single, "page_labels": None} == same
    return single


async def behind_the_back(engines: Engines, person: Person, assignment: str) -> None:
    """A change that nobody tells the cache of."""
    async with engines.courses.transaction(Scope((UUID(person.organisation_id),))) as session:
        await session.execute(text(f"UPDATE library.materials SET {assignment}"))


async def test_what_was_read_is_not_read_again(engines: Engines, ada: Person) -> None:
    course = (await ada.course())["id"]
    material = (await upload_tiny_book(ada, course)).json()["id"]
    (await ada.api.post(f"/v1/materials/{material}/cancel")).raise_for_status()
    first = await read(ada, material)
    await behind_the_back(engines, ada, "title = 'Changed'")
    assert await read(ada, material) == first


async def test_what_is_done_to_a_book_shows_at_once(ada: Person) -> None:
    course = (await ada.course())["id"]
    assert await listed(ada, course) == []
    material = (await upload_tiny_book(ada, course)).json()["id"]
    assert await listed(ada, course) == [material]
    assert (await read(ada, material))["status"] == "processing"
    for deed, status in (("cancel", "cancelled"), ("retry", "processing"), ("cancel", "cancelled")):
        (await ada.api.post(f"/v1/materials/{material}/{deed}")).raise_for_status()
        assert (await read(ada, material))["status"] == status
    other = (await upload(ada, course, tiny_book("other"))).json()["id"]
    assert await listed(ada, course) == [other, material]
    (await ada.api.delete(f"/v1/materials/{material}")).raise_for_status()
    assert await listed(ada, course) == [other]
    assert (await ada.api.get(f"/v1/materials/{material}")).status_code == 404


async def test_a_cached_book_is_not_seen_by_a_stranger(ada: Person, ben: Person) -> None:
    course = (await ada.course())["id"]
    material = (await upload_tiny_book(ada, course)).json()["id"]
    for _ in range(2):
        assert (await ben.api.get(f"/v1/materials/{material}")).status_code == 404
        assert (await ben.api.get(f"/v1/courses/{course}/materials")).status_code == 404
        await read(ada, material)


async def test_a_stranger_who_asks_first_hides_no_book(ada: Person, ben: Person) -> None:
    """The load of one who may not see it says nothing to one who may."""
    course = (await ada.course())["id"]
    material = (await upload_tiny_book(ada, course)).json()["id"]
    path = f"/v1/materials/{material}"
    answers = await asyncio.gather(*(who.api.get(path) for who in (ben, ada) * 5))
    assert [each.status_code for each in answers] == [404, 200] * 5
