"""A school with one of everything, and the people of the matrix's columns."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt
from sqlalchemy import text

from studium.core.event import now
from studium.core.identity import Principal, Role, new_id
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.runtime.links import Link
from studium.runtime.tokens import ALGORITHM, SigningKey
from studium.services.courses.contract import CourseRole
from studium.services.courses.models import Enrolment
from studium.services.library.downloads import AUDIENCE
from studium.services.notes.models import NoteSection, NoteSet
from tests.security.matrix import Row
from tests.services.conftest import PASSWORD, Person, Register
from tests.services.library import tus
from tests.services.library.books import tiny_book, upload

SECRET = "Ada's secret course"
MEMBERS = {
    "owner": Role.OWNER,
    "teacher": Role.TEACHER,
    "student": Role.STUDENT,
    "colleague": Role.TEACHER,
    "member": Role.STUDENT,
}
ENROLLED = {"teacher": CourseRole.TEACHER, "student": CourseRole.STUDENT}
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /v1/courses/{course_id}": {"title": "renamed"},
    "POST /v1/courses": {"title": "mine"},
    "POST /v1/materials/{material_id}/notes": {},
    "POST /v1/notifications/read": {"up_to": 10},
    "PUT /v1/auth/password": {"current": "not the password", "new": "a staple of batteries"},
    "PUT /v1/materials/{material_id}/notes/published": {"published": True},
}


@dataclass(frozen=True, slots=True)
class School:
    engines: Engines
    owner: Person
    tokens: dict[str, str]
    """Of each column but `nobody`."""
    accounts: dict[str, UUID]
    emails: dict[str, str]

    @property
    def organisation_id(self) -> UUID:
        return UUID(self.owner.organisation_id)


async def found(engines: Engines, register: Register) -> School:
    owner = await register("Ada")
    organisation = UUID(owner.organisation_id)
    people = {"owner": owner}
    for name in ("stranger", "member", "colleague", "student", "teacher"):
        people[name] = await register(name.title())
    accounts = {name: UUID(person.account["id"]) for name, person in people.items()}
    tokens = {"stranger": people["stranger"].token}
    for name, role in MEMBERS.items():
        personal = UUID(people[name].organisation_id)
        principal = Principal(accounts[name], {personal: Role.OWNER, organisation: role})
        tokens[name] = engines.signing_key.sign(principal)
    tokens["expired"] = aged(engines.signing_key, tokens["owner"])
    emails = {name: person.email for name, person in people.items()}
    return School(engines, owner, tokens, accounts, emails)


def aged(key: SigningKey, token: str) -> str:
    """The same token, issued half an hour ago."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims |= {"iat": int(time.time()) - 1800, "exp": int(time.time()) - 1200}
    return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.public.id})


async def furnish(school: School, state: str = "") -> dict[str, str]:
    """A course with people, a book with notes, an upload and an invitation: their ids."""
    course = (await school.owner.course(SECRET))["id"]
    other = (await school.owner.course("Another course"))["id"]
    material = (await upload(school.owner, course, tiny_book())).json()["id"]
    begun = ""
    if state == "the owner's":
        begun = await tus.begin(school.owner.api, course, len(tiny_book("tus")))
    code = (await school.owner.api.post(f"/v1/courses/{course}/invitations")).json()["code"]
    if state == "cancelled":
        await school.owner.api.post(f"/v1/materials/{material}/cancel")
    async with school.engines.courses.transaction(Scope((school.organisation_id,))) as session:
        session.add(_enrolment(school, other, "member", CourseRole.STUDENT))
        session.add_all(_enrolment(school, course, *each) for each in ENROLLED.items())
        notes, section = _notes(school, course, material, published=state == "published")
        session.add(notes)
        await session.flush()
        session.add(section)
        if state == "ended":
            await session.execute(_END, {"code": code})
    code = "WRONGCODE234" if state == "wrong code" else code
    use = "another use" if state == "signed for another use" else AUDIENCE
    ticket = Link(school.organisation_id, UUID(material)).sign(school.engines.signing_key, use)
    return {
        "course_id": course,
        "material_id": material,
        "upload_id": begun.rpartition("/")[2],
        "code": code,
        "ticket": ticket,
    }


_END = text("UPDATE courses.invitations SET expires_at = now() - interval '1 s' WHERE code = :code")


def _enrolment(school: School, course_id: str, name: str, role: CourseRole) -> Enrolment:
    return Enrolment(
        course_id=UUID(course_id),
        account_id=school.accounts[name],
        organisation_id=school.organisation_id,
        role=role.value,
    )


def _notes(
    school: School, course_id: str, material_id: str, *, published: bool
) -> tuple[NoteSet, NoteSection]:
    notes = NoteSet(
        material_id=UUID(material_id),
        organisation_id=school.organisation_id,
        course_id=UUID(course_id),
        uploaded_by=school.accounts["owner"],
        version=1,
        title="A Tiny Book of Memory",
        generator="none",
        published=published,
        total=1,
    )
    section = NoteSection(
        id=new_id(),
        material_id=notes.material_id,
        organisation_id=school.organisation_id,
        index=0,
        heading="Forgetting",
        path=[],
        level=1,
        first_page=1,
        last_page=1,
    )
    return notes, section


async def ask(
    school: School, api: httpx.AsyncClient, row: Row, column: str, ids: dict[str, str]
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {school.tokens[column]}"} if column != "nobody" else {}
    api.cookies.clear()
    path = row.path.format(**ids)
    if row.path.endswith("/materials") and row.method == "POST":
        files = {"file": ("book.pdf", tiny_book(column), "application/pdf")}
        return await api.post(path, files=files, headers=headers)
    if row.path.startswith("/v1/uploads"):
        return await _speak_tus(api, row.method, path, headers, ids)
    query = {"q": "memory"} if path.endswith("/search") else {}
    body = _body(school, row, column, ids)
    return await api.request(row.method, path, json=body, params=query, headers=headers)


async def _speak_tus(
    api: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], ids: dict[str, str]
) -> httpx.Response:
    if method == "POST":
        return await tus.create(api, ids["course_id"], 1000, **headers)
    if method == "PATCH":
        return await tus.patch(api, path, 0, tiny_book("tus"), **headers)
    return await api.request(method, path, headers={**tus.SPEAKS, **headers})


def _body(school: School, row: Row, column: str, ids: dict[str, str]) -> dict[str, Any] | None:
    if row.path == "/v1/events":
        read = {"id": str(new_id()), "kind": "page.read", "place": 1}
        read |= {"material_id": ids["material_id"], "occurred_at": now().isoformat()}
        return {"course_id": ids["course_id"], "events": [read]}
    if row.path == "/v1/auth/register":
        email = f"{column}-{time.time_ns()}@school.test"
        return {"email": email, "password": PASSWORD, "name": column}
    if row.path == "/v1/auth/login":
        wrong = "not " if row.state == "wrong password" else ""
        # Everybody into their own account: one account's attempts are limited.
        return {
            "email": school.emails.get(column, school.owner.email),
            "password": wrong + PASSWORD,
        }
    if row.state == "of the organisation":
        return {**BODIES[row.operation], "organisation_id": str(school.organisation_id)}
    return BODIES.get(row.operation)


TABLES: Sequence[str] = (
    "courses.courses",
    "courses.enrolments",
    "courses.invitations",
    "library.materials",
    "library.uploads",
    "library.resumable_uploads",
    "notes.note_sets",
    "events.events",
)


async def census(school: School) -> dict[str, int]:
    """What stands in every row of the organisation, as one number a table."""
    async with school.engines.courses.transaction(Scope((school.organisation_id,))) as session:
        return {
            table: await session.scalar(
                text(f"SELECT coalesce(sum(hashtext(t::text)), 0) FROM {table} AS t")
            )
            for table in TABLES
        }
