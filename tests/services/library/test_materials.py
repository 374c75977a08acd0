"""Uploading, receipts, and what happens to a book afterwards, through the API."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from studium.commands.process import EVERYTHING
from studium.runtime import links
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, heard_until
from tests.services.conftest import Person
from tests.services.library.books import tiny_book, upload
from tests.services.library.test_child import encrypted, scanned


async def objects_below(engines: Engines, organisation_id: str) -> list[str]:
    folder = engines.objects._folder / organisation_id  # type: ignore[attr-defined]
    return [str(path) for path in folder.rglob("*") if path.is_file()]


async def test_an_upload_is_accepted_at_once(ada: Person) -> None:
    course = await ada.course()
    answer = await upload(ada, course["id"], tiny_book(), "My_first book.pdf")
    assert answer.status_code == 202
    material = answer.json()
    assert (material["status"], material["title"]) == ("processing", "My first book")
    listed = (await ada.api.get(f"/v1/courses/{course['id']}/materials")).json()["items"]
    assert [each["id"] for each in listed] == [material["id"]]


async def test_the_same_file_twice_answers_the_existing_material(
    ada: Person, engines: Engines
) -> None:
    course, other = await ada.course(), await ada.course("Other")
    first = await upload(ada, course["id"], tiny_book(), "one.pdf")
    second = await upload(ada, course["id"], tiny_book(), "two.pdf")
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    elsewhere = await upload(ada, other["id"], tiny_book())
    assert elsewhere.status_code == 202


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"", 422, "empty-file"),
        (b"PK\x03\x04 a word document", 415, "not-a-pdf"),
        (b"<html>" * 500, 415, "not-a-pdf"),
    ],
)
async def test_a_refused_file_leaves_nothing(
    ada: Person, engines: Engines, content: bytes, status: int, kind: str
) -> None:
    course = await ada.course()
    answer = await upload(ada, course["id"], content, check=False)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (status, kind)
    assert answer.json()["request_id"]
    assert (await ada.api.get(f"/v1/courses/{course['id']}/materials")).json()["items"] == []
    assert await objects_below(engines, ada.organisation_id) == []


async def test_a_client_that_stops_mid_upload_leaves_nothing(ada: Person, engines: Engines) -> None:
    course = await ada.course()

    async def body() -> Any:
        yield b'--e\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        yield tiny_book()[:3000]  # and no closing boundary

    answer = await ada.api.post(
        f"/v1/courses/{course['id']}/materials",
        content=body(),
        headers={"Content-Type": "multipart/form-data; boundary=e"},
    )
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (422, "broken-upload")
    assert await objects_below(engines, ada.organisation_id) == []


async def test_a_file_over_the_limit_is_refused(ada: Person, engines: Engines, app: Any) -> None:
    small = replace(engines, limits=replace(engines.limits, upload_max_bytes=1000))
    course = await ada.course()
    app.state.engines = small
    try:
        answer = await upload(ada, course["id"], tiny_book(), check=False)
    finally:
        app.state.engines = engines
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (413, "too-large")
    assert await objects_below(engines, ada.organisation_id) == []


async def test_an_upload_is_two_writing_commits(ada: Person, engines: Engines) -> None:
    """One says that it begins, so that what a kill leaves is found; one accepts it."""
    course = await ada.course()
    before = await writes(engines)
    await upload(ada, course["id"], tiny_book())
    looking = 1
    assert await writes(engines) - before - looking == 2


async def writes(engines: Engines) -> int:
    """Transactions that wrote, so far: each takes a transaction id."""
    async with engines.courses.transaction(Scope()) as session:
        found = await session.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
    return int(found or 0)


async def test_the_file_comes_back_whole_and_in_ranges(ada: Person) -> None:
    course = await ada.course()
    material = (await upload(ada, course["id"], tiny_book())).json()
    path = f"/v1/materials/{material['id']}/file"
    whole = await ada.api.get(path)
    assert whole.headers["content-type"] == "application/pdf"
    assert "filename*=UTF-8''" in whole.headers["content-disposition"]
    assert (whole.status_code, whole.content) == (200, tiny_book())
    assert whole.headers["etag"] == f'"{hashlib.sha256(tiny_book()).hexdigest()}"'
    part = await ada.api.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, tiny_book()[10:20])
    last = await ada.api.get(path, headers={"Range": "bytes=-5"})
    assert last.content == tiny_book()[-5:]
    beyond = await ada.api.get(path, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


async def test_a_link_gives_the_file_without_a_token_until_it_ends(
    ada: Person, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await ada.course()
    material = (await upload(ada, course["id"], tiny_book())).json()
    path = f"/v1/materials/{material['id']}/link"
    given = (await ada.api.get(path)).json()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://studium.test"
    ) as anybody:
        whole = await anybody.get(given["url"])
        assert (whole.status_code, whole.content) == (200, tiny_book())
        part = await anybody.get(given["url"], headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, tiny_book()[10:20])
        stolen = {"Authorization": f"Bearer {given['url'].rsplit('/', 1)[1]}"}
        assert (await anybody.get(path, headers=stolen)).status_code == 401

        monkeypatch.setattr(links, "LIFETIME_SECONDS", -1)
        ended = await anybody.get((await ada.api.get(path)).json()["url"])
        assert ended.status_code == 404
        assert ended.json()["type"].endswith("/link-ended")
        await ada.api.delete(f"/v1/materials/{material['id']}")
        assert (await anybody.get(given["url"])).status_code == 404


async def test_a_student_reads_the_book_and_changes_nothing(ada: Person, ben: Person) -> None:
    course = await ada.course()
    material = (await upload(ada, course["id"], tiny_book())).json()
    await ada.enrol(ben, course["id"])
    path = f"/v1/materials/{material['id']}"
    assert (await ben.api.get(path)).status_code == 200
    assert (await ben.api.get(f"{path}/file")).status_code == 200
    refused = [
        await ben.api.post(f"{path}/cancel"),
        await ben.api.post(f"{path}/retry"),
        await ben.api.delete(path),
        await upload(ben, course["id"], tiny_book("\nmore"), check=False),
    ]
    assert [each.status_code for each in refused] == [403] * 4


async def test_a_cancelled_book_can_be_read_again(ada: Person) -> None:
    course = await ada.course()
    material = (await upload(ada, course["id"], tiny_book())).json()
    path = f"/v1/materials/{material['id']}"
    assert (await ada.api.post(f"{path}/cancel")).json()["status"] == "cancelled"
    assert (await ada.api.post(f"{path}/cancel")).status_code == 409
    assert (await ada.api.post(f"{path}/retry")).json()["status"] == "processing"
    assert (await ada.api.post(f"{path}/retry")).status_code == 409


# ── with workers ──────────────────────────────────────────────────────────────────────────────
async def teacher(base: str) -> tuple[Browser, str]:
    browser = Browser(base)
    await browser.register("teacher")
    course = await browser.ok("POST", "/v1/courses", json={"title": "Books"})
    return browser, course["id"]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (encrypted(), "Remove the password"),
        (tiny_book()[:2500], "damaged or incomplete"),
        (scanned(), "text recognition"),
    ],
    ids=["encrypted", "truncated", "scanned"],
)
async def test_a_file_that_cannot_be_read_says_why(
    settings: Settings, content: bytes, advice: str
) -> None:
    async with running(settings, EVERYTHING) as base:
        browser, course_id = await teacher(base)
        async with browser.listening() as heard:
            material = await browser.upload(course_id, content)
            told = (await heard_until(heard, "material.failed"))[-1]
        seen = await browser.ok("GET", f"/v1/materials/{material['id']}")
    assert seen["status"] == "failed"
    assert advice in seen["problem"]
    assert told["message"] == seen["problem"]


async def test_deleting_a_book_removes_file_passages_and_notes(
    settings: Settings, engines: Engines
) -> None:
    async with running(settings, EVERYTHING) as base:
        browser, course_id = await teacher(base)
        async with browser.listening() as heard:
            material = await browser.upload(course_id, tiny_book())
            await heard_until(heard, "notes.ready")
        me = await browser.ok("GET", "/v1/auth/me")
        organisation = me["organisations"][0]["id"]
        await browser.ok("DELETE", f"/v1/materials/{material['id']}")
        async with asyncio.timeout(30):
            while await leftovers(engines, organisation):  # noqa: ASYNC110 - other processes work
                await asyncio.sleep(0.1)


async def leftovers(engines: Engines, organisation_id: str) -> list[str]:
    tables = (
        *("library.materials", "library.pages", "library.passages", "notes.note_sets"),
        *("notes.sections", "vectors.postings", "vectors.embeddings_256"),
    )
    async with engines.courses.transaction(Scope((UUID(organisation_id),))) as session:
        rows = [
            table for table in tables if await session.scalar(text(f"SELECT count(*) FROM {table}"))
        ]
    return rows + await objects_below(engines, organisation_id)
