"""How long news travels.

- From the fact that the last section is written to the browser's event: `NotesReady` is made in the
  transaction that writes it, so the time since then is that since the commit and a little more.
  The sample book, static embedder; `studium up`, and separate processes.
- From `emit` to the start of a handler, through relay, broker and a worker: one at a time, from the
  call of `emit`; and a thousand of one transaction, from its commit.
- What `emit` and the relay cost (`bench/relaying.py`).

All on the clock of this machine. `PYTHONPATH=. python bench/delivery.py`
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from redis.asyncio import Redis
from websockets.asyncio.client import connect

from bench import relaying, served
from bench.marks import Figure, show
from bench.open_loop import percentile
from bench.relaying import GROUP, Happened, happened
from bench.served import Teacher
from studium import bootstrap
from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.core.identity import new_id
from studium.runtime.database import Database, Scope, open_database
from studium.runtime.deliveries import emit
from studium.runtime.engines import Engines
from studium.runtime.service import Peers, Service
from studium.runtime.worker import Job, Worker
from studium.settings import Settings

BOOKS = 7
SAMPLE = served.ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
SINGLE, MANY, ROUNDS = 200, 1000, 3
GIVE_UP_SECONDS = 180
PROCESSES = {
    "studium up": (("up",),),
    "separate": (served.EVERY_WEB, ("run", "relay"), served.WORKERS),
}


# ── to the browser ────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def listening(teacher: Teacher) -> AsyncIterator["asyncio.Queue[tuple[float, Any]]"]:
    """What the WebSocket tells, each with the time at which it was there."""
    ticket = (await teacher.api.post("/v1/realtime/ticket")).raise_for_status().json()["ticket"]
    base = str(teacher.api.base_url).rstrip("/").replace("http", "ws", 1)
    heard: asyncio.Queue[tuple[float, Any]] = asyncio.Queue()
    async with connect(f"{base}/v1/ws?ticket={ticket}&since=0") as socket:

        async def listen() -> None:
            async for message in socket:
                heard.put_nowait((time.time(), json.loads(message)))

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()


async def to_browser(
    settings: Settings, processes: tuple[tuple[str, ...], ...], connection: "asyncpg.Connection"
) -> list[float]:
    """Milliseconds of each book; the first one loads models and is not counted."""
    async with AsyncExitStack() as stack:
        web, *_ = [
            await stack.enter_async_context(served.studium(settings, *each)) for each in processes
        ]
        teacher = await stack.enter_async_context(served.teacher(web.url, BOOKS + 1))
        heard = await stack.enter_async_context(listening(teacher))
        took = [await _one_book(teacher, course, heard, connection) for course in teacher.courses]
    return took[1:]


async def _one_book(
    teacher: Teacher,
    course: str,
    heard: "asyncio.Queue[tuple[float, Any]]",
    connection: "asyncpg.Connection",
) -> float:
    sent = {"file": ("book.pdf", await asyncio.to_thread(SAMPLE.read_bytes))}
    answer = await teacher.api.post(f"/v1/courses/{course}/materials", files=sent)
    material = answer.raise_for_status().json()["id"]
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while True:
            at, message = await heard.get()
            if message["type"] == "notes.ready" and message["material_id"] == material:
                break
    made = await connection.fetchval(
        "SELECT occurred_at FROM events.events"
        " WHERE type = 'NotesReady' AND payload->>'material_id' = $1",
        material,
    )
    return float(at - made.timestamp()) * 1000


# ── to a handler ──────────────────────────────────────────────────────────────────────────────
class Started:
    """When the handler's first line ran for each event."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self._one_more = asyncio.Event()

    async def handle(self, _event: Happened, _job: Job) -> None:
        self._at.append(time.time())
        self._one_more.set()

    async def since(self, began: float, count: int) -> list[float]:
        """Milliseconds of `count` events."""
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while len(self._at) < count:
                self._one_more.clear()
                await self._one_more.wait()
        at, self._at = self._at, []
        return [(each - began) * 1000 for each in at]


@asynccontextmanager
async def worker(engines: Engines, settings: Settings) -> AsyncIterator[Started]:
    """The product's worker, with a group of the bench's own, in this process."""
    started = Started()
    service = Service(GROUP, handlers={Happened: started.handle})
    working = asyncio.create_task(
        Worker(service, engines, Peers(), settings.slots, settings.lease_seconds).run(
            engines.broker, 5
        )
    )
    try:
        yield started
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def to_handler(settings: Settings, engines: Engines) -> list[Figure]:
    organisation = new_id()
    singles: list[float] = []
    many: list[list[float]] = []
    spent: list[float] = []
    async with (
        served.studium(settings, "run", "relay") as relay,
        worker(engines, settings) as started,
    ):

        def cpu() -> float:
            return time.process_time() + relay.cpu() + served.engines_cpu()

        for _ in range(ROUNDS):
            for _ in range(SINGLE):
                began = time.time()
                await _emit(engines.courses, organisation, 1)
                singles += await started.since(began, 1)
            before = cpu()
            await _emit(engines.courses, organisation, MANY)
            many.append(await started.since(time.time(), MANY))
            spent.append((cpu() - before) / MANY * 1000)
    rates = [MANY / (max(each) / 1000) for each in many]
    p50, p99 = percentile(singles, 0.5), percentile(singles, 0.99)
    queued = [median(percentile(each, share) for each in many) for share in (0.5, 0.99)]
    rate, each_costs = f"{median(rates):,.0f} a second", median(spent)
    return [
        Figure("emit → handler, one at a time, p50", f"{p50:.1f} ms", "–", p50, None, "ms"),
        Figure("emit → handler, one at a time, p99", f"{p99:.1f} ms", "–", p99, None, "ms"),
        Figure(f"emit → handler, {MANY:,} at once, p50", rate, "–", queued[0], None, "ms"),
        Figure(f"emit → handler, {MANY:,} at once, p99", rate, "–", queued[1], None, "ms"),
        Figure("emit to done, CPU of all processes", "–", "–", each_costs, None, "ms"),
    ]


async def _emit(database: Database, organisation: UUID, count: int) -> None:
    async with database.transaction(Scope((organisation,))) as session:
        await emit(session, *(happened(organisation) for _ in range(count)))


async def machinery(settings: Settings, connection: "asyncpg.Connection") -> list[Figure]:
    """What passes through no service, only through `runtime`."""
    system = open_database(settings.courses_db_system)
    redis = Redis.from_url(settings.redis)
    async with subscribed(settings) as engines:
        found = await to_handler(settings, engines)
        found += await relaying.figures(engines, system, connection, redis)
    await redis.aclose()
    await system.close()
    return found


@asynccontextmanager
async def subscribed(settings: Settings) -> AsyncIterator[Engines]:
    """The engines, with the group of the bench as the only one that hears of its event."""
    subscriptions = {Happened.type_name(): frozenset({GROUP})}
    async with bootstrap.open_engines(settings) as opened:
        fields = {name: getattr(opened, name) for name in opened.__dataclass_fields__}
        yield Engines(**{**fields, "courses": Database(opened.courses.engine, subscriptions)})


async def main() -> bool:
    async with served.engines() as settings:
        port = urlsplit(settings.courses_db).port or 0
        password = Home(settings.home).secret(cluster.SUPERUSER)
        connection = await cluster.connect(port, password, "courses")
        figures = []
        for name, processes in PROCESSES.items():
            took = await to_browser(settings, processes, connection)
            told = f"{min(took):.0f} to {max(took):.0f} ms"
            what = f"last section → browser, {name}, median"
            figures.append(Figure(what, told, "–", median(took), 1000, "ms"))
        figures += await machinery(settings, connection)
        await connection.close()
    return show("delivery", f"how long news travels; {BOOKS} books each", figures)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
