"""What a request can and cannot say: reading changes nothing, and only what is declared counts."""

from typing import Any

import httpx
import pytest

from studium.runtime.engines import Engines
from tests.security.matrix import ROWS
from tests.security.things import ask, census, found, furnish
from tests.services.conftest import PASSWORD, Person, Register
from tests.services.library.books import upload_tiny_book


async def test_reading_changes_nothing(
    engines: Engines, register: Register, anonymous: httpx.AsyncClient
) -> None:
    school = await found(engines, register)
    ids = await furnish(school)
    before = await census(school)
    reading = [row for row in ROWS if row.method == "GET" and not row.state]
    assert len(reading) > 8
    override = {"x-http-method-override": "DELETE"}
    query = {"published": "true", "title": "other", "status": "cancelled", "_method": "DELETE"}
    for row in reading:
        await ask(school, anonymous, row, "owner", ids)
        headers = {"Authorization": f"Bearer {school.tokens['owner']}", **override}
        await anonymous.get(row.path.format(**ids), params=query, headers=headers)
    assert await census(school) == before


async def test_a_field_that_a_call_does_not_take_has_no_effect(ada: Person, ben: Person) -> None:
    """Mass assignment: what a view shows is not what an input takes."""
    course = await ada.course()
    told = {**course, "title": "new", "organisation_id": ben.organisation_id, "role": "student"}
    told |= {"id": "01900000-0000-7000-8000-000000000000", "created_by": ben.account["id"]}
    changed = (await ada.api.patch(f"/v1/courses/{course['id']}", json=told)).json()
    same = {name: value for name, value in course.items() if name not in {"title", "updated_at"}}
    assert {name: changed[name] for name in same} == same
    wish = {"email": "mass@school.test", "password": PASSWORD, "name": "N"}
    wish |= {"id": ada.account["id"], "organisations": ada.account["organisations"]}
    account = (await ben.api.post("/v1/auth/register", json=wish)).json()["account"]
    assert account["id"] != ada.account["id"]
    assert [each["name"] for each in account["organisations"]] == ["N"]


async def test_nobody_makes_a_course_in_an_organisation_of_others(ada: Person, ben: Person) -> None:
    wish = {"title": "mine", "organisation_id": ada.organisation_id}
    assert (await ben.api.post("/v1/courses", json=wish)).status_code == 403


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "studium_refresh"])
async def test_a_secret_in_the_address_counts_for_nothing(ada: Person, name: str) -> None:
    token = ada.api.headers.pop("Authorization").split()[1]
    cookie = ada.api.cookies["studium_refresh"]
    ada.api.cookies.clear()
    for value in (token, f"Bearer {token}", cookie):
        asked = {name: value}
        assert (await ada.api.get("/v1/auth/me", params=asked)).status_code == 401
        assert (await ada.api.post("/v1/auth/refresh", params=asked)).status_code == 401


async def test_a_parameter_counts_where_it_is_declared(ada: Person) -> None:
    """Parameter pollution: not from the body, a cookie or a header, and once."""
    course = await ada.course()
    for _ in range(2):
        await ada.course()
    listed = await ada.api.request(
        "GET",
        "/v1/courses",
        json={"limit": 1},
        headers={"limit": "1", "cookie": "limit=1"},
    )
    assert len(listed.json()["items"]) == 3
    two = await ada.api.get("/v1/courses?limit=2&limit=1")
    assert len(two.json()["items"]) == 1
    both = await ada.api.patch(f"/v1/courses/{course['id']}?title=query", json={"title": "body"})
    assert both.json()["title"] == "body"


async def test_views_show_what_people_may_know_and_no_more(ada: Person, ben: Person) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    material: dict[str, Any] = (await upload_tiny_book(ada, course["id"])).json()
    hidden = {"object_key", "sha256", "organisation_id", "version", "password_hash", "email"}
    assert not hidden & set(material)
    people = (await ada.api.get(f"/v1/courses/{course['id']}/enrolments")).json()["items"]
    assert all(set(each) == {"account_id", "name", "role", "enrolled_at"} for each in people)
    assert (await ben.api.get(f"/v1/courses/{course['id']}/enrolments")).status_code == 403
    notes = await ben.api.get(f"/v1/materials/{material['id']}/notes")
    assert (notes.status_code, notes.json()["type"].rsplit("/", 1)[-1]) == (
        403,
        "notes-not-published",
    )
