"""A client of tus 1.0.0, as small as the protocol allows, and what its uploads come to."""

import base64
import hashlib
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from tests.services.conftest import Person

SPEAKS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**SPEAKS, "Content-Type": "application/offset+octet-stream"}


def described(**values: str) -> str:
    return ",".join(f"{key} {_base64(value.encode())}" for key, value in values.items())


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {_base64(digest)}"}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


async def create(
    api: httpx.AsyncClient, course_id: str, length: int, name: str = "tiny.pdf", **headers: str
) -> httpx.Response:
    told = described(filename=name, course_id=course_id)
    wish = {**SPEAKS, "Upload-Length": str(length), "Upload-Metadata": told, **headers}
    return await api.post("/v1/uploads", headers=wish)


async def begin(api: httpx.AsyncClient, course_id: str, length: int, name: str = "t.pdf") -> str:
    """Where it goes on."""
    answer = await create(api, course_id, length, name)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def patch(
    api: httpx.AsyncClient, place: str, offset: int, content: Any, **headers: str
) -> httpx.Response:
    wish = {**CHUNK, "Upload-Offset": str(offset), **headers}
    return await api.patch(place, content=content, headers=wish)


async def look(api: httpx.AsyncClient, place: str) -> httpx.Response:
    return await api.head(place, headers=SPEAKS)


async def end(api: httpx.AsyncClient, place: str) -> httpx.Response:
    return await api.delete(place, headers=SPEAKS)


def offset(answer: httpx.Response) -> int:
    return int(answer.headers["Upload-Offset"])


def kind(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


async def materials(person: Person, course: dict[str, Any]) -> list[dict[str, Any]]:
    listed = await person.api.get(f"/v1/courses/{course['id']}/materials")
    items: list[dict[str, Any]] = listed.json()["items"]
    return items


async def storage(person: Person, course: dict[str, Any]) -> int:
    return int((await person.api.get(f"/v1/courses/{course['id']}/storage")).json()["used"])


async def events(engines: Engines, person: Person) -> int:
    async with engines.courses.transaction(Scope((UUID(person.organisation_id),))) as session:
        counted = await session.scalar(
            text("SELECT count(*) FROM events.events WHERE type = 'MaterialUploaded'")
        )
    return int(counted or 0)
