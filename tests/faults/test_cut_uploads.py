"""Uploads that break off anywhere leave nothing: no row, no event, no byte, no used storage."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from studium.commands.process import EVERY_SERVICE, Roles
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, sample_book

CUTS = 200
NOTHING = {"events": 0, "uploads": 0, "files": []}
RESET = struct.pack("ii", 1, 0)


@pytest.fixture
async def base(settings: Settings) -> AsyncIterator[str]:
    hasty = settings.model_copy(update={"uploads_per_minute": 0})
    async with running(hasty, Roles(http=EVERY_SERVICE)) as address:
        yield address


def request(base: str, token: str, course: str, book: bytes) -> bytes:
    """The whole upload as it goes over the wire."""
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="book.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + book + b"\r\n--edge--\r\n"
    )
    head = (
        f"POST /v1/courses/{course}/materials HTTP/1.1\r\nHost: {base.removeprefix('http://')}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def cut(base: str, whole: bytes, at: int, how: str) -> None:
    """Sends the first `at` bytes, then ends the connection in one of three ways."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(whole[:at])
    await writer.drain()
    if how == "reset":
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, RESET)
        writer.transport.abort()
    elif how == "half-close":
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
    else:
        writer.close()


def edges(whole: bytes) -> list[int]:
    """Where something ends: the head, the part's head, the content, the last boundary."""
    head = whole.index(b"\r\n\r\n")
    part = whole.index(b"\r\n\r\n", head + 4)
    return [1, head, head + 4, part, part + 4, part + 5, len(whole) - 12, len(whole) - 2]


async def held(settings: Settings, organisation: str, course: str) -> dict[str, Any]:
    url = make_url(settings.courses_db_owner).set(
        username="studium_system",
        password=make_url(settings.courses_db_system).password,
        drivername="postgresql",
    )
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        events = await connection.fetchval(
            "SELECT count(*) FROM events.events WHERE payload->>'course_id' = $1", course
        )
        uploads = await connection.fetchval(
            "SELECT count(*) FROM library.uploads WHERE organisation_id = $1", UUID(organisation)
        )
    finally:
        await connection.close()
    folder = Path(settings.home) / "objects" / organisation
    files = [path.name for path in folder.rglob("*") if path.is_file()]
    return {"events": events, "uploads": uploads, "files": files}


@pytest.mark.timeout(300)
async def test_two_hundred_uploads_that_break_off_leave_nothing(
    base: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(5)
    person = Browser(base)
    await person.register("clumsy")
    course = await person.ok("POST", "/v1/courses", json={"title": "Memory"})
    token = person.api.headers["Authorization"].removeprefix("Bearer ")
    whole = request(base, token, course["id"], sample_book())
    places = edges(whole) + [chance.randrange(1, len(whole) - 2) for _ in range(CUTS)]
    for at in places[:CUTS]:
        await cut(base, whole, at, chance.choice(["close", "reset", "half-close"]))
    await person.ok("GET", "/v1/courses")  # it answers as before
    await settled(person, settings, course)
    assert not [each for each in caplog.records if each.exc_info], "nothing looks like a mistake"
    answer = await person.upload(course["id"], sample_book())
    assert answer["status"] == "processing", "and the whole file is taken"
    storage = await person.ok("GET", f"/v1/courses/{course['id']}/storage")
    assert storage["used"] == len(sample_book())


async def settled(person: Browser, settings: Settings, course: Any) -> None:
    """The server may still be noticing the last of them."""
    path = f"/v1/courses/{course['id']}"
    for _ in range(100):
        kept = await held(settings, course["organisation_id"], course["id"])
        if kept == NOTHING:
            break
        await asyncio.sleep(0.1)
    assert kept == NOTHING
    assert (await person.ok("GET", f"{path}/materials"))["items"] == []
    assert (await person.ok("GET", f"{path}/storage"))["used"] == 0
