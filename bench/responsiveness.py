"""How long `GET /v1/courses` takes while a book is read, beside an idle server.

Studium as a teacher runs it (`studium up`, one process with its children) and as separate
processes (web, relay, workers), each with MiniLM and with the static embedder. Beside them, in the
same slices of time, a bare Starlette application that answers the same body and has nothing else to
do: what its answers lose is the machine's part, whose processors are all at work.

A busy slice begins with the upload of the memoir manual, or of the sample book twelve times over
where that is not here, and ends with its notes or after `BUSY_SECONDS`: then the ingest is
cancelled. Reading and notes come first, so the slice holds more of them than a whole ingest.

`PYTHONPATH=. python bench/responsiveness.py`
"""

import asyncio
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic
from typing import NamedTuple

import httpx
import psutil
import pypdfium2 as pdfium

from bench import served
from bench.marks import Figure, show
from bench.open_loop import OpenLoop, percentile
from bench.served import Served, Teacher
from studium.settings import Settings

RATE = 40
IDLE_SECONDS, BUSY_SECONDS = 6, 12
ROUNDS = 3
MEMOIR = served.ROOT.parent / "shared" / "books" / "memoir-manual.pdf"
SAMPLE = served.ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
QUIET = 0.08
"""Processors in use by what the bench started, below which it is called idle."""


def book() -> bytes:
    if MEMOIR.exists():
        return MEMOIR.read_bytes()
    print("../shared/books/memoir-manual.pdf is not here: the sample book twelve times over")
    whole, kept = pdfium.PdfDocument.new(), io.BytesIO()
    with pdfium.PdfDocument(SAMPLE) as sample:
        for _ in range(12):
            whole.import_pages(sample)
    whole.save(kept)
    return kept.getvalue()


@asynccontextmanager
async def one_process(embedder: str) -> AsyncIterator[Served]:
    """`studium up`, its engines included."""
    with tempfile.TemporaryDirectory(prefix="studium-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101 - PostgreSQL runs as another user under root
        settings = Settings(
            home=Path(folder) / "data", embedder=embedder, **served.without_limits()
        )
        async with served.studium(settings, "up") as app:
            yield app


@asynccontextmanager
async def separate(embedder: str) -> AsyncIterator[Served]:
    """The web process; relay and workers beside it."""
    async with (
        served.engines(embedder=embedder) as settings,
        served.studium(settings, *served.EVERY_WEB) as app,
        served.studium(settings, "run", "relay"),
        served.studium(settings, *served.WORKERS),
    ):
        yield app


class Turns(NamedTuple):
    """Of a process, milliseconds of each second (`schedstat`)."""

    run: float
    wait: float
    """It could have run, and others did."""

    @classmethod
    def of(cls, pid: int) -> "Turns":
        """So far."""
        total = [0, 0]
        for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                run, wait, _ = map(int, stat.read_text().split())
                total = [total[0] + run, total[1] + wait]
        return cls(total[0] / 1e6, total[1] / 1e6)

    def since(self, before: "Turns", seconds: float) -> "Turns":
        return Turns((self.run - before.run) / seconds, (self.wait - before.wait) / seconds)


@dataclass(slots=True)
class Sides:
    """Of each slice: milliseconds of its answers, and the server's turns."""

    ours: list[list[float]] = field(default_factory=list)
    bare: list[list[float]] = field(default_factory=list)
    turns: dict[str, list[Turns]] = field(default_factory=lambda: {"ours": [], "bare": []})

    def p99(self, side: str) -> list[float]:
        return [percentile(each, 0.99) for each in getattr(self, side)]

    def turn(self, side: str) -> Turns:
        runs, waits = zip(*self.turns[side], strict=True)
        return Turns(median(runs), median(waits))


class Slices:
    def __init__(self, ours: OpenLoop, bare: OpenLoop) -> None:
        self._ours, self._bare = ours, bare
        self.idle, self.busy = Sides(), Sides()

    async def during(self, sides: Sides, work: Awaitable[None]) -> None:
        """Asks both while the work lasts."""
        ended = asyncio.Event()
        loops = {"ours": self._ours, "bare": self._bare}
        before = {side: Turns.of(loop.to.pid) for side, loop in loops.items()}
        started = monotonic()
        asking = [asyncio.create_task(loop.ask(RATE, ended)) for loop in loops.values()]
        try:
            await work
        finally:
            ended.set()
            ours, bare = await asyncio.gather(*asking)
        sides.ours.append(ours)
        sides.bare.append(bare)
        for side, loop in loops.items():
            since = Turns.of(loop.to.pid).since(before[side], monotonic() - started)
            sides.turns[side].append(since)


async def ingest(teacher: Teacher, course: str, file: bytes) -> None:
    sent = {"file": ("book.pdf", file)}
    path = f"/v1/courses/{course}/materials"
    material = (await teacher.api.post(path, files=sent)).raise_for_status().json()["id"]
    ending = monotonic() + BUSY_SECONDS
    while monotonic() < ending:
        await asyncio.sleep(0.5)
        notes = (await teacher.api.get(f"/v1/materials/{material}")).raise_for_status().json()
        if notes["status"] == "failed":
            raise RuntimeError(notes["problem"])
        if notes["status"] == "ready" and await _noted(teacher, material):
            return
    await teacher.api.post(f"/v1/materials/{material}/cancel")


async def _noted(teacher: Teacher, material: str) -> bool:
    notes = (
        (await teacher.api.get(f"/v1/materials/{material}/notes/state")).raise_for_status().json()
    )
    return bool(notes["status"] == "ready")


async def quiet() -> None:
    """Until what was cancelled has ended: three quiet seconds in a row."""
    calm = 0
    async with asyncio.timeout(120):
        while calm < 3:
            before = _cpu()
            await asyncio.sleep(1)
            calm = calm + 1 if _cpu() - before < QUIET else 0


def _cpu() -> float:
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += served.cpu_of(child.pid)
    return total


Setting = Callable[[str], contextlib.AbstractAsyncContextManager[Served]]


async def measured(setting: Setting, embedder: str, bare: Served, file: bytes) -> Slices:
    async with setting(embedder) as app, served.teacher(app.url, ROUNDS + 1) as teacher:
        ours = OpenLoop(app, "/v1/courses", teacher.token)
        plain = OpenLoop(bare, "/list")
        body = (await teacher.api.get("/v1/courses")).raise_for_status().content
        async with httpx.AsyncClient() as client:
            await client.put(f"{bare.url}/list", content=body)
        warm = Slices(ours, plain)
        # Models load and code is imported once: the first book is not counted.
        await warm.during(warm.busy, ingest(teacher, teacher.courses[-1], file))
        slices = Slices(ours, plain)
        for course in teacher.courses[:ROUNDS]:
            await quiet()
            await slices.during(slices.idle, asyncio.sleep(IDLE_SECONDS))
            await slices.during(slices.busy, ingest(teacher, course, file))
        await quiet()
        ours.close()
        plain.close()
        return slices


def summary(name: str, slices: Slices) -> Figure:
    ratios = {
        side: median(
            busy / idle
            for busy, idle in zip(slices.busy.p99(side), slices.idle.p99(side), strict=True)
        )
        for side in ("ours", "bare")
    }
    told = {
        side: f"{median(slices.idle.p99(side)):.1f} → {median(slices.busy.p99(side)):.1f} ms"
        for side in ("ours", "bare")
    }
    beside = f"bare: {told['bare']}, {ratios['bare']:.1f}×"
    return Figure(f"p99, idle → ingest, {name}", told["ours"], beside, ratios["ours"], 3)


def turns(name: str, slices: Slices) -> Figure:
    """How long the serving process ran and waited."""
    told = {}
    for side in ("ours", "bare"):
        idle, busy = slices.idle.turn(side), slices.busy.turn(side)
        told[side] = f"{idle.run:.0f} + {idle.wait:.0f} → {busy.run:.0f} + {busy.wait:.0f} ms"
    waited = slices.busy.turn("ours").wait
    return Figure(f"ran + waited, a second, {name}", told["ours"], told["bare"], waited, None, "ms")


async def main() -> bool:
    file = book()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        async with served.bare(Path(folder)) as bare:
            for name, setting in (("studium up", one_process), ("separate", separate)):
                for embedder in ("minilm:", "static:"):
                    slices = await measured(setting, embedder, bare, file)
                    title = f"{name}, {embedder.strip(':')}"
                    figures += [summary(title, slices), turns(title, slices)]
                    print(figures[-2].row, figures[-1].row, flush=True)
    return show("responsiveness", f"GET /v1/courses, {RATE} a second", figures)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
