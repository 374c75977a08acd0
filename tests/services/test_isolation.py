"""No route of one organisation reads or changes another's rows; generated from the OpenAPI page.

Ada owns one of everything. Mallory, with an account and organisation of her own, calls every route
with the ids of Ada's things: she must learn nothing and change nothing. A route with a new kind of
id fails here until it is given a value.
"""

from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from tests.services.conftest import Person, Register
from tests.services.library.books import upload_tiny_book

OPEN_TO_ALL = {
    ("post", "/v1/auth/register"),
    ("post", "/v1/auth/login"),
    ("post", "/v1/auth/refresh"),
    ("post", "/v1/auth/logout"),
    ("get", "/.well-known/jwks.json"),
}
OF_ONESELF = {
    ("get", "/v1/auth/me"),
    ("put", "/v1/auth/password"),
    ("get", "/v1/courses"),
    ("post", "/v1/courses"),
    ("post", "/v1/realtime/ticket"),
    ("get", "/v1/notifications"),
    ("post", "/v1/notifications/read"),
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("patch", "/v1/courses/{course_id}"): {"title": "taken over"},
    ("put", "/v1/materials/{material_id}/notes/published"): {"published": True},
    ("post", "/v1/materials/{material_id}/notes"): {},
    ("post", "/v1/notifications/read"): {"up_to": 10},
    ("post", "/v1/courses"): {"title": "mine"},
}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return sorted((method, path) for path, methods in paths.items() for method in methods)


async def _call(person: Person, method: str, path: str, ids: dict[str, str]) -> Any:
    query = "?q=memory" if path.endswith("/search") else ""
    body = BODIES.get((method, path))
    if path.endswith("/materials") and method == "post":
        return await upload_tiny_book(person, ids["course_id"], check=False)
    return await person.api.request(method, path.format(**ids) + query, json=body)


@pytest.fixture
async def adas_things(ada: Person) -> dict[str, str]:
    course = await ada.course("Ada's secret course")
    material = (await upload_tiny_book(ada, course["id"])).json()
    code = (await ada.api.post(f"/v1/courses/{course['id']}/invitations")).json()["code"]
    return {"course_id": course["id"], "material_id": material["id"], "code": code}


async def _census(engines: Engines, ada: Person) -> dict[str, int]:
    """How many rows of Ada's organisation there are, and how many were changed."""
    tables = (
        "courses.courses",
        "courses.enrolments",
        "courses.invitations",
        "library.materials",
        "notes.note_sets",
    )
    scope = Scope((UUID(ada.organisation_id),))
    async with engines.courses.transaction(scope) as session:
        return {
            table: await session.scalar(
                text(f"SELECT coalesce(sum(hashtext(t::text)), 0) FROM {table} AS t")
            )
            for table in tables
        }


async def test_a_stranger_reaches_nothing(
    app: FastAPI, engines: Engines, register: Register, ada: Person, adas_things: dict[str, str]
) -> None:
    mallory = await register("Mallory")
    before = await _census(engines, ada)
    ids = {**adas_things, "code": "WRONGCODE234"}
    for method, path in routes(app):
        if (method, path) in OPEN_TO_ALL | OF_ONESELF:
            continue
        answer = await _call(mallory, method, path, ids)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text}"
        assert "secret" not in answer.text, f"{method} {path}"
    assert await _census(engines, ada) == before


async def test_what_is_ones_own_shows_nothing_of_others(
    register: Register, adas_things: dict[str, str]
) -> None:
    mallory = await register("Mallory")
    assert (await mallory.api.get("/v1/courses")).json()["items"] == []
    assert (await mallory.api.get("/v1/notifications")).json()["items"] == []


async def test_no_route_answers_anonymous_callers(
    app: FastAPI, anonymous: Any, adas_things: dict[str, str]
) -> None:
    person = Person(anonymous, {}, "")
    for method, path in routes(app):
        if (method, path) in OPEN_TO_ALL:
            continue
        answer = await _call(person, method, path, adas_things)
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


async def test_the_database_shows_no_row_where_nothing_is_told(engines: Engines) -> None:
    """Row-level security holds for the app's role even with the filter forgotten."""
    for database, tables in ((engines.users, USERS), (engines.courses, COURSES)):
        async with database.transaction(Scope()) as session:
            for table in tables:
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


USERS = ("accounts", "credentials", "organisations", "memberships", "refresh_families")
COURSES = (
    "events.events",
    "events.deliveries",
    "courses.courses",
    "courses.enrolments",
    "courses.invitations",
    "library.materials",
    "library.uploads",
    "library.ranges",
    "library.sections",
    "library.pages",
    "library.passages",
    "notes.note_sets",
    "notes.sections",
    "realtime.counters",
    "realtime.notifications",
)
ALL_TABLES = text(
    "SELECT n.nspname || '.' || c.relname, c.relrowsecurity AND c.relforcerowsecurity"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    " AND c.relname <> 'alembic_version'"
)


async def test_every_table_forces_row_level_security(engines: Engines) -> None:
    for database in (engines.users, engines.courses):
        async with database.transaction(Scope()) as session:
            unguarded = [name for name, forced in await session.execute(ALL_TABLES) if not forced]
            assert not unguarded
