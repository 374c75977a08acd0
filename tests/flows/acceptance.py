"""The acceptance flow as a person goes through it, against any running Studium."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pypdfium2 as pdfium
from websockets.asyncio.client import connect

PASSWORD = "correct horse battery"
PATIENCE = 120


class Browser:
    """One person at one address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.api = httpx.AsyncClient(base_url=base, timeout=30)

    async def register(self, name: str) -> None:
        email = f"{name}-{secrets.token_hex(4)}@school.test"
        wish = {"email": email, "password": PASSWORD, "name": name}
        session = await self.ok("POST", "/v1/auth/register", json=wish)
        self.carry(session["access_token"])

    def carry(self, token: str) -> None:
        self.api.headers["Authorization"] = f"Bearer {token}"

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.api.request(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    @asynccontextmanager
    async def listening(self, since: int = 0) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
        ticket = (await self.ok("POST", "/v1/realtime/ticket"))["ticket"]
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        url = f"{self.base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}&since={since}"
        async with connect(url) as socket:

            async def listen() -> None:
                async for message in socket:
                    heard.put_nowait(json.loads(message))

            task = asyncio.create_task(listen())
            try:
                yield heard
            finally:
                task.cancel()

    async def upload(self, course_id: str, content: bytes, name: str = "book.pdf") -> Any:
        files = {"file": (name, content, "application/pdf")}
        return await self.ok("POST", f"/v1/courses/{course_id}/materials", files=files)


async def heard_until(heard: "asyncio.Queue[dict[str, Any]]", kind: str) -> list[dict[str, Any]]:
    """Everything heard up to and with the first message of the kind."""
    messages: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE):
        while not messages or messages[-1].get("type") != kind:
            messages.append(await heard.get())
    return messages


async def teacher_uploads_and_student_reads(base: str, book: bytes) -> dict[str, Any]:
    """The whole flow; the teacher's notes at its end."""
    teacher, student = Browser(base), Browser(base)
    await teacher.register("teacher")
    course = await teacher.ok("POST", "/v1/courses", json={"title": "Memory"})
    async with teacher.listening() as heard:
        material = await teacher.upload(course["id"], book)
        assert material["status"] == "processing"
        messages = await heard_until(heard, "notes.ready")
    assert messages[-1]["message"] == "Your AI Notes are ready!"
    assert {"material.progress", "notes.progress", "material.ready"} <= {
        each["type"] for each in messages
    }
    assert_gapless(messages)
    path = f"/v1/materials/{material['id']}"
    seen = await teacher.ok("GET", path)
    assert (seen["status"], seen["receipt"]["failed"]) == ("ready", 0)
    notes = await teacher.ok("GET", f"{path}/notes")
    assert_true_citations(notes, book)
    await _student_reads_once_published(teacher, student, course["id"], path)
    await _search_finds_the_page(teacher, course["id"], notes)
    notes["material"] = seen
    return notes  # type: ignore[no-any-return]


async def _student_reads_once_published(
    teacher: Browser, student: Browser, course_id: str, path: str
) -> None:
    await student.register("student")
    code = (await teacher.ok("POST", f"/v1/courses/{course_id}/invitations"))["code"]
    joined = await student.ok("POST", f"/v1/invitations/{code}/accept")
    student.carry(joined["access_token"])
    assert (await student.api.get(f"{path}/notes")).status_code == 403
    await teacher.ok("PUT", f"{path}/notes/published", json={"published": True})
    assert (await student.ok("GET", f"{path}/notes"))["published"]


async def _search_finds_the_page(teacher: Browser, course_id: str, notes: Any) -> None:
    point = next(point for section in notes["sections"] for point in section["points"])
    citation = point["citations"][0]
    for mode in ("hybrid", "keyword", "dense"):
        query = {"q": citation["quote"][:400], "mode": mode, "limit": 5}
        found = await teacher.ok("GET", f"/v1/courses/{course_id}/search", params=query)
        pages = [range(each["page"], each["page_to"] + 1) for each in found["results"]]
        assert any(citation["page"] in span for span in pages), mode


def assert_gapless(messages: list[dict[str, Any]]) -> None:
    numbers = [each["id"] for each in messages if "id" in each and each["type"] != "hello"]
    assert numbers == list(range(1, len(numbers) + 1))


def assert_true_citations(notes: Any, book: bytes) -> None:
    """Read from the PDF itself, by nothing of ours: letters and digits of the quote stand, in
    order, on the page.
    """
    document = pdfium.PdfDocument(book)
    cited = [
        (citation["page"], citation["quote"])
        for section in notes["sections"]
        for each in (*section["points"], *section["key_terms"])
        for citation in each["citations"]
    ]
    assert cited
    for page, quote in cited:
        text = document[page - 1].get_textpage().get_text_range()
        assert letters(quote) in letters(text), (page, quote)


def letters(text: str) -> str:
    ligatures = {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}
    for ligature, parted in ligatures.items():
        text = text.replace(ligature, parted)
    return re.sub(r"[\W_]+", "", text).lower()


def sample_book() -> bytes:
    import studium  # noqa: PLC0415

    return next((Path(studium.__file__).parent / "sample").glob("*.pdf")).read_bytes()
