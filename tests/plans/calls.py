"""The calls that run often, as people and processes make them, against a population.

Each is named where it stands, so that a plan is found under the call that needs it.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from bench import hundred_books
from bench.population_draw import Kind, email, uid
from bench.population_people import People, Student
from bench.population_rows import PASSWORD
from studium.core.identity import Principal, Role, new_id
from studium.runtime import deliveries, relay
from studium.runtime.database import Database, Scope
from studium.runtime.engines import Engines
from studium.services.library import uploads
from studium.services.library.tus import service as resumable
from studium.services.realtime import queries as realtime
from tests.plans.explain import Explained
from tests.services.library import tus

SAMPLE = hundred_books.SAMPLE.read_bytes()


@dataclass(frozen=True, slots=True)
class World:
    engines: Engines
    system: Database
    """Relay and sweeper."""
    api: httpx.AsyncClient
    people: People
    students: Iterator[Student]
    explained: Explained

    async def as_person(
        self, principal: Principal, method: str, path: str, **more: Any
    ) -> dict[str, Any]:
        token = self.engines.signing_key.sign(principal)
        headers = {"Authorization": f"Bearer {token}"}
        return await self.ask(method, path, headers=headers, **more)

    async def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = await self.api.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}

    def during(self, call: str) -> None:
        self.explained.during(call)


async def run(world: World) -> None:
    for call in (log_in, refresh, me, courses, notes, search, notifications, teach, upload):
        await call(world)
    for turn in (deliver, listen, sweep):
        await turn(world)


async def log_in(world: World) -> None:
    world.during("log in")
    wish = {"email": email(next(world.students).account), "password": PASSWORD}
    await world.ask("POST", "/v1/auth/login", json=wish)


async def refresh(world: World) -> None:
    world.during("refresh")
    cookie = next(world.students).refresh_cookie()
    headers = {"Cookie": f"studium_refresh={cookie}"}
    await world.ask("POST", "/v1/auth/refresh", headers=headers)


async def me(world: World) -> None:
    world.during("me")
    await world.as_person(next(world.students).principal, "GET", "/v1/auth/me")


async def courses(world: World) -> None:
    student = next(world.students)
    world.during("my courses")
    await world.as_person(student.principal, "GET", "/v1/courses")
    course = uid(Kind.COURSE, student.courses[0])
    world.during("one course")
    await world.as_person(student.principal, "GET", f"/v1/courses/{course}")
    world.during("books of a course")
    await world.as_person(student.principal, "GET", f"/v1/courses/{course}/materials")


async def notes(world: World) -> None:
    student = next(world.students)
    book = world.people.book(student.courses[0])
    world.during("one book")
    await world.as_person(student.principal, "GET", f"/v1/materials/{book}")
    world.during("notes of a book")
    await world.as_person(student.principal, "GET", f"/v1/materials/{book}/notes")


async def search(world: World) -> None:
    reader = next(world.people.readers_of_a_hundred())
    question = hundred_books.questions(1)[0]
    for mode in ("hybrid", "dense", "keyword"):
        world.during(f"search, {mode}")
        path = f"/v1/courses/{hundred_books.COURSE}/search"
        found = await world.as_person(reader, "GET", path, params={"q": question, "mode": mode})
        assert found["results"]


async def notifications(world: World) -> None:
    student = next(world.students)
    world.during("notifications")
    await world.as_person(student.principal, "GET", "/v1/notifications")
    await world.as_person(student.principal, "GET", "/v1/notifications", params={"cursor": 1})
    world.during("notifications, read")
    await world.as_person(student.principal, "POST", "/v1/notifications/read", json={"up_to": 1})


async def teach(world: World) -> None:
    """The owner of the smallest school."""
    people = world.people
    owner = people.drawn.schools - 1
    school = uid(Kind.SCHOOL, owner)
    principal = Principal(
        uid(Kind.ACCOUNT, owner), {uid(Kind.PERSONAL, owner): Role.OWNER, school: Role.OWNER}
    )
    world.during("a new course")
    wish = {"title": "Memory", "organisation_id": str(school)}
    course = (await world.as_person(principal, "POST", "/v1/courses", json=wish))["id"]
    world.during("an invitation")
    invited = await world.as_person(principal, "POST", f"/v1/courses/{course}/invitations")
    student = next(world.students).principal
    await world.as_person(student, "POST", f"/v1/invitations/{invited['code']}/accept")
    world.during("people of a course")
    await world.as_person(principal, "GET", f"/v1/courses/{course}/enrolments")
    world.during("a course changes")
    await world.as_person(principal, "PATCH", f"/v1/courses/{course}", json={"title": "More"})


async def upload(world: World) -> None:
    people = world.people
    course = next(n for n, many in enumerate(people.drawn.books) if many)
    owner = people.drawn.courses[course]
    principal = Principal(
        uid(Kind.ACCOUNT, owner),
        {uid(Kind.PERSONAL, owner): Role.OWNER, uid(Kind.SCHOOL, owner): Role.OWNER},
    )
    world.during("an upload")
    place = f"/v1/courses/{uid(Kind.COURSE, course)}"
    new = SAMPLE + b"%" + new_id().hex.encode()
    file = {"file": ("book.pdf", new, "application/pdf")}
    await world.as_person(principal, "POST", f"{place}/materials", files=file)
    world.during("a resumable upload")
    token = world.engines.signing_key.sign(principal)
    speaks = {**tus.CHUNK, "Authorization": f"Bearer {token}", "Upload-Length": str(len(new) + 1)}
    told = tus.described(filename="book.pdf", course_id=str(uid(Kind.COURSE, course)))
    begun = await world.api.post("/v1/uploads", headers={**speaks, "Upload-Metadata": told})
    at = begun.headers["Location"]
    for offset, content in ((0, new), (len(new), b"%")):
        chunk = {**speaks, "Upload-Offset": str(offset)}
        answer = await world.api.patch(at, headers=chunk, content=content)
        assert answer.is_success, answer.text
    assert (await world.api.head(at, headers=speaks)).is_success
    world.during("storage")
    await world.as_person(principal, "GET", f"{place}/storage")


# ── processes ─────────────────────────────────────────────────────────────────────────────────
async def deliver(world: World) -> None:
    world.during("relay")
    assert await relay.publish_due(world.system, world.engines.broker)
    world.during("a worker's claim")
    id_, organisation = uid(Kind.DELIVERY, 2), uid(Kind.SCHOOL, world.people.drawn.courses[1])
    async with world.engines.courses.transaction(Scope(delivery_id=id_)) as session:
        assert await deliveries.claim(session, id_, "notes", 30) is None  # it is done
    claim = deliveries.Claim(id_, organisation, 1, "", {}, None)
    world.during("a worker's heartbeat, end")
    async with world.engines.courses.transaction(Scope((organisation,))) as session:
        with suppress(deliveries.LeaseLostError):  # nobody holds it
            await deliveries.extend(session, claim, 30)
        with suppress(deliveries.LeaseLostError):
            await deliveries.complete(session, claim)


async def listen(world: World) -> None:
    world.during("a WebSocket catches up")
    account = next(world.students).principal.account_id
    async with world.engines.courses.transaction(Scope()) as session:
        assert await realtime.newest(session, [account]) == {account: 1}
        ((newest, missed),) = await realtime.missed(session, [(account, 0)], 200)
        assert newest == 1
        assert missed


async def sweep(world: World) -> None:
    world.during("sweeper")
    await relay.sweep(world.system)
    world.during("uploads left behind")
    await uploads.sweep(world.system, world.engines.objects)
    await resumable.sweep(world.system, world.engines.objects)
