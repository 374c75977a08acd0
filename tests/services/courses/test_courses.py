"""Courses, invitations and who sees what."""

from uuid import UUID

import pytest

from studium.core.identity import new_id
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.courses.models import Course
from tests.services.conftest import Person


async def test_a_course_is_created_listed_renamed_and_deleted(ada: Person) -> None:
    course = await ada.course("Memory")
    assert [each["id"] for each in (await ada.api.get("/v1/courses")).json()["items"]] == [
        course["id"]
    ]
    path = f"/v1/courses/{course['id']}"
    renamed = await ada.api.patch(path, json={"title": "Learning"})
    assert renamed.json()["title"] == "Learning"
    listed = (await ada.api.get("/v1/courses")).json()["items"]
    assert [each["title"] for each in listed] == ["Learning"]
    assert (await ada.api.delete(path)).status_code == 204
    assert (await ada.api.get(path)).status_code == 404
    assert (await ada.api.get("/v1/courses")).json()["items"] == []


async def test_the_list_pages_by_cursor(ada: Person) -> None:
    made = [(await ada.course(str(number)))["id"] for number in range(5)]
    first = (await ada.api.get("/v1/courses?limit=2")).json()
    second = (await ada.api.get(f"/v1/courses?limit=2&cursor={first['next']}")).json()
    third = (await ada.api.get(f"/v1/courses?limit=2&cursor={second['next']}")).json()
    seen = [each["id"] for each in (*first["items"], *second["items"], *third["items"])]
    assert (seen, third["next"]) == (made[::-1], None)


async def test_the_first_page_is_the_same_by_either_way(ada: Person, engines: Engines) -> None:
    """As the cache keeps it, and with parameters, which FastAPI reads."""
    await many_courses(ada, engines, 60)
    kept, read = await ada.api.get("/v1/courses"), await ada.api.get("/v1/courses?limit=50")
    assert kept.json() == read.json()
    assert len(kept.json()["items"]) == 50
    assert kept.headers["content-type"] == read.headers["content-type"]
    refused = await ada.api.get("/v1/courses", headers={"Authorization": "Bearer nonsense"})
    assert refused.status_code == 401
    assert refused.json()["type"].endswith("/unauthenticated")


async def test_a_list_longer_than_any_page_ends_where_it_ends(
    ada: Person, ben: Person, engines: Engines
) -> None:
    """Courses of an owner and those they are enrolled in, in one order."""
    theirs = await ben.course("Ben's")
    await ben.enrol(ada, theirs["id"])
    await many_courses(ada, engines, 130)
    newest = await ben.course("Ben's newest")
    await ben.enrol(ada, newest["id"])
    seen: list[str] = []
    path = "/v1/courses?limit=100"
    while path:
        page = (await ada.api.get(path)).json()
        seen += [each["id"] for each in page["items"]]
        path = page["next"] and f"/v1/courses?limit=100&cursor={page['next']}"
    assert (seen[0], seen[-1], len(seen)) == (newest["id"], theirs["id"], 132)
    assert seen == sorted(set(seen), reverse=True)
    assert (await ada.api.get(f"/v1/courses/{theirs['id']}")).json()["role"] == "student"


async def many_courses(owner: Person, engines: Engines, number: int) -> None:
    """Written past the API, which would take a while."""
    organisation = UUID(owner.organisation_id)
    async with engines.courses.transaction(Scope((organisation,))) as session:
        session.add_all(
            Course(
                id=new_id(),
                organisation_id=organisation,
                title=str(each),
                description="",
                created_by=UUID(owner.account["id"]),
            )
            for each in range(number)
        )


async def test_a_student_joins_by_code_and_only_reads(ada: Person, ben: Person) -> None:
    course = await ada.course()
    path = f"/v1/courses/{course['id']}"
    assert (await ben.api.get(path)).status_code == 404
    await ada.enrol(ben, course["id"])
    assert (await ben.api.get(path)).json()["role"] == "student"
    assert course["id"] in {
        each["id"] for each in (await ben.api.get("/v1/courses")).json()["items"]
    }
    for answer in (
        await ben.api.patch(path, json={"title": "Mine"}),
        await ben.api.delete(path),
        await ben.api.post(f"{path}/invitations"),
        await ben.api.get(f"{path}/enrolments"),
    ):
        assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (403, "forbidden")


async def test_the_teacher_sees_people_by_name(ada: Person, ben: Person) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    people = (await ada.api.get(f"/v1/courses/{course['id']}/enrolments")).json()["items"]
    assert [(each["name"], each["role"]) for each in people] == [
        ("Ada", "teacher"),
        ("Ben", "student"),
    ]


async def test_accepting_twice_changes_nothing(ada: Person, ben: Person) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    await ada.enrol(ben, course["id"])
    await ada.enrol(ada, course["id"])
    assert (await ada.api.get(f"/v1/courses/{course['id']}")).json()["role"] == "teacher"
    people = (await ada.api.get(f"/v1/courses/{course['id']}/enrolments")).json()["items"]
    assert len(people) == 2


async def test_an_unknown_code_says_what_to_do(ben: Person) -> None:
    answer = await ben.api.post("/v1/invitations/NOTACODE/accept")
    assert answer.status_code == 404
    assert "new code" in answer.json()["detail"]


async def test_a_student_of_an_organisation_creates_no_course_in_it(
    ada: Person, ben: Person
) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    wish = {"title": "Mine", "organisation_id": course["organisation_id"]}
    assert (await ben.api.post("/v1/courses", json=wish)).status_code == 403


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "a\x00b"])
async def test_bad_titles_are_refused(ada: Person, title: str) -> None:
    assert (await ada.api.post("/v1/courses", json={"title": title})).status_code == 422
