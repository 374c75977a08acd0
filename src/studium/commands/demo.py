"""`studium demo`: a book goes in through the public API, cited notes come out, all in view."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from websockets.asyncio.client import connect

from studium.core.errors import StudiumError
from studium.settings import Settings

START_SECONDS = 300
"""The first start unpacks engines and prepares the embedding model."""
SHOWN_SECTIONS, SHOWN_POINTS = 3, 4
console = Console()


class DemoFailedError(StudiumError):
    type = "demo-failed"
    title = "The demo could not finish"


async def demo(settings: Settings, book: Path) -> None:
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    async with httpx.AsyncClient(base_url=base, timeout=30) as api:
        await _ensure_running(api, settings)
        email = await _register(api)
        course = _ok(await api.post("/v1/courses", json={"title": "Demo course"}))
        async with _progress() as bars, _listening(api, base) as heard:
            material = await _upload(api, course["id"], book, bars)
            await _follow(api, material["id"], bars, heard)
        notes = _ok(await api.get(f"/v1/materials/{material['id']}/notes"))
        labels = _ok(await api.get(f"/v1/materials/{material['id']}"))["page_labels"]
    _show(notes, labels)
    console.print(f"\nRead them beside the book: [bold]{base}/books/{material['id']}/read[/]")
    console.print(f"Log in as [bold]{email}[/] with the password [bold]{PASSWORD}[/]")


PASSWORD = "demo-" + secrets.token_hex(4)


def _ok(response: httpx.Response) -> Any:
    if response.is_error:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
        raise DemoFailedError(problem.get("detail", f"{response.url} answered {response}"))
    return response.json()


# ── the app ───────────────────────────────────────────────────────────────────────────────────
async def _ensure_running(api: httpx.AsyncClient, settings: Settings) -> None:
    if await _is_ready(api):
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    log = settings.home / "up.log"
    with log.open("ab") as sink:
        app = subprocess.Popen(  # noqa: ASYNC220 - our own command, which outlives this one  # nosec B603
            [sys.executable, "-m", "studium", "up"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    with console.status(f"Starting Studium (log: {log})"):
        for _ in range(START_SECONDS * 2):
            if await _is_ready(api):
                break
            if app.poll() is not None:
                raise DemoFailedError(f"Studium did not start. Its last words are in {log}.")
            await asyncio.sleep(0.5)
        else:
            raise DemoFailedError(f"Studium is not ready after {START_SECONDS} s; see {log}.")
    console.print(f"Studium runs (process {app.pid}); end it with: kill {app.pid}")


async def _is_ready(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/readyz")).is_success
    except httpx.TransportError:
        return False


async def _register(api: httpx.AsyncClient) -> str:
    email = f"teacher-{secrets.token_hex(3)}@demo.studium.dev"
    wish = {"email": email, "password": PASSWORD, "name": "Demo Teacher"}
    session = _ok(await api.post("/v1/auth/register", json=wish))
    api.headers["Authorization"] = f"Bearer {session['access_token']}"
    return email


# ── progress ──────────────────────────────────────────────────────────────────────────────────
class _Amount(ProgressColumn):
    """Bytes for the upload, counts for the rest."""

    _bytes, _count = DownloadColumn(), MofNCompleteColumn()

    def render(self, task: Task) -> Any:
        column = self._bytes if task.fields.get("bytes") else self._count
        return column.render(task)


@dataclass(frozen=True, slots=True)
class _Bars:
    progress: Progress
    sent: Any
    pages: Any
    passages: Any
    sections: Any

    def set(self, bar: Any, done: int, total: int) -> None:
        self.progress.update(bar, completed=done, total=total or None)


@asynccontextmanager
async def _progress() -> AsyncIterator[_Bars]:
    columns = (TextColumn("{task.description:<18}"), BarColumn(40), _Amount(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bars(
            progress,
            progress.add_task("Bytes sent", total=None, bytes=True),
            progress.add_task("Pages read", total=None),
            progress.add_task("Passages indexed", total=None),
            progress.add_task("Sections written", total=None),
        )


@asynccontextmanager
async def _listening(api: httpx.AsyncClient, base: str) -> AsyncIterator["asyncio.Queue[Any]"]:
    """What the WebSocket tells, as a browser hears it."""
    ticket = _ok(await api.post("/v1/realtime/ticket"))["ticket"]
    url = f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}&since=0"
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with connect(url) as socket:

        async def listen() -> None:
            async for message in socket:
                heard.put_nowait(json.loads(message))

        task = asyncio.create_task(listen())
        yield heard
        task.cancel()


async def _upload(api: httpx.AsyncClient, course_id: str, book: Path, bars: _Bars) -> Any:
    size = book.stat().st_size  # noqa: ASYNC240 - one small call of a command

    def told(done: int) -> None:
        bars.set(bars.sent, done, size)

    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
        f' filename="{book.name}"\r\nContent-Type: application/pdf\r\n\r\n'
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    async def body() -> AsyncIterator[bytes]:
        yield head
        done = 0
        for chunk in _chunks(book):
            yield chunk
            done += len(chunk)
            told(done)
        yield tail

    return _ok(
        await api.post(
            f"/v1/courses/{course_id}/materials",
            content=body(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(head) + size + len(tail)),
            },
            timeout=600,
        )
    )


def _chunks(book: Path) -> Iterator[bytes]:
    with book.open("rb") as file:
        while chunk := file.read(1 << 16):
            yield chunk


async def _follow(
    api: httpx.AsyncClient, material_id: str, bars: _Bars, heard: "asyncio.Queue[Any]"
) -> None:
    """Until the notes are ready; what the socket loses, the API tells."""
    while True:
        try:
            message = await asyncio.wait_for(heard.get(), 2)
        except TimeoutError:
            message = {}
            await _refresh(api, material_id, bars)
        if message.get("material_id") not in {None, material_id}:
            continue
        match message.get("type"):
            case "material.progress" if message["stage"] == "indexing":
                bars.set(bars.passages, message["done"], message["total"])
            case "material.progress" if message["stage"] == "reading":
                bars.set(bars.pages, message["done"], message["total"])
            case "notes.progress":
                bars.set(bars.sections, message["done"], message["total"])
            case "notes.ready":
                await _refresh(api, material_id, bars)
                bars.progress.console.print(f"\n[bold green]{message['message']}[/]\n")
                return
            case "material.failed" | "notes.failed":
                raise DemoFailedError(message["message"])


async def _refresh(api: httpx.AsyncClient, material_id: str, bars: _Bars) -> None:
    material = _ok(await api.get(f"/v1/materials/{material_id}"))
    if receipt := material["receipt"]:
        bars.set(bars.pages, receipt["total"], receipt["total"])
        bars.set(bars.passages, material["progress"]["done"], material["progress"]["total"])
    notes = await api.get(f"/v1/materials/{material_id}/notes")
    if notes.is_success:
        bars.set(bars.sections, notes.json()["written"], notes.json()["total"])


# ── the notes ─────────────────────────────────────────────────────────────────────────────────
def _show(notes: Any, labels: list[str] | None) -> None:
    console.print(f"[bold]{escape(notes['title'])}[/]  ({escape(notes['generator'])})")
    written = [each for each in notes["sections"] if each["points"]]
    for section in written[:SHOWN_SECTIONS]:
        console.print(f"\n[bold cyan]{escape(' › '.join(section['path']))}[/]")
        for point in section["points"][:SHOWN_POINTS]:
            page = point["citations"][0]["page"]
            label = labels[page - 1] if labels else str(page)
            console.print(f"  • {escape(point['text'])} [dim]\\[page {label}, PDF {page}][/]")
    points = sum(len(each["points"]) for each in notes["sections"])
    console.print(f"\n{points} points in {len(written)} sections, each with its page.")
