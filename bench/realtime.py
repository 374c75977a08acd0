"""Ten thousand WebSockets in one process: what each takes, and what each message costs.

- idle: the growth of the process's resident size, by socket, each of another person;
- a connect: ticket, subscription, what was missed, hello; with two hundred at a time;
- one message to all: one publication that ten thousand sockets of one person hear;
- to each their own: ten thousand publications, one for each of ten thousand people.

Beside it the library `websockets` alone, and a WebSocket route of Starlette on uvicorn. The sockets
of the client are this process's; CPU is of the serving process, that of the engines stands apart.
The tickets are put into the cache by the service itself, so that nobody logs in ten thousand times.
`PYTHONPATH=. python bench/realtime.py`
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID, uuid4

import httpx
from redis.asyncio import Redis

from bench import served
from bench.marks import Figure, show
from bench.served import Served
from bench.sockets import Crowd, many_files
from studium import bootstrap
from studium.core import topics
from studium.runtime.engines import Engines
from studium.services.realtime import service
from studium.settings import Settings

SOCKETS = 10_000
RUNS = 3
TOGETHER = 200
WARM = 100
MESSAGES = 5
QUIET_SECONDS = 3
KINDS = ("websockets", "starlette")


@dataclass(frozen=True, slots=True)
class Run:
    idle_kib: float
    connect_us: float
    one_to_all_us: float
    connect_engines_us: float = 0.0
    each_their_own_us: float = 0.0
    valkey_bytes: float = 0.0


async def studium(settings: Settings, engines: Engines) -> Run:
    async with served.studium(settings, "run", "realtime") as app:
        await (await crowd(app, await paths(engines, people(WARM)))).close()
        await asyncio.sleep(QUIET_SECONDS)
        valkey = await used(settings)
        before, cpu, others = app.rss(), app.cpu(), served.engines_cpu()
        everyone = people(SOCKETS)
        many = Crowd(app.port)
        for start in range(0, SOCKETS, TOGETHER):
            await many.open(await paths(engines, everyone[start : start + TOGETHER]))
            await many.heard(start + TOGETHER)
        connect, connect_engines = app.cpu() - cpu, served.engines_cpu() - others
        await asyncio.sleep(QUIET_SECONDS)
        idle, valkey = app.rss() - before, await used(settings) - valkey
        own = await each_their_own(app, engines, many, everyone)
        await many.close()
        one = await one_to_all(app, engines)
    return Run(
        idle / SOCKETS / 1024,
        connect / SOCKETS * 1e6,
        one,
        connect_engines / SOCKETS * 1e6,
        own,
        valkey / SOCKETS,
    )


async def each_their_own(
    app: Served, engines: Engines, many: Crowd, everyone: Sequence[UUID]
) -> float:
    before = app.cpu()
    for place, account in enumerate(everyone, start=1):
        await engines.fanout.publish(topics.of_account(account), told(1))
        if place % TOGETHER == 0:
            await many.heard(SOCKETS + place)
    return (app.cpu() - before) / SOCKETS * 1e6


async def one_to_all(app: Served, engines: Engines) -> float:
    account = people(1)[0]
    many = Crowd(app.port)
    for start in range(0, SOCKETS, TOGETHER):
        await many.open(await paths(engines, [account] * TOGETHER))
        await many.heard(start + TOGETHER)
    await asyncio.sleep(QUIET_SECONDS)
    before = app.cpu()
    for number in range(1, MESSAGES + 1):
        await engines.fanout.publish(topics.of_account(account), told(number))
        await many.heard(SOCKETS * (number + 1))
    spent = app.cpu() - before
    await many.close()
    return spent / SOCKETS / MESSAGES * 1e6


async def bare(kind: str) -> Run:
    async with served.bare_sockets(kind) as app, httpx.AsyncClient(timeout=60) as client:
        await (await crowd(app, ["/ws"] * WARM)).close()
        await client.get(f"{app.url}/broadcast")
        await asyncio.sleep(QUIET_SECONDS)
        before, cpu = app.rss(), app.cpu()
        many = await crowd(app, ["/ws"] * SOCKETS)
        connect = app.cpu() - cpu
        await asyncio.sleep(QUIET_SECONDS)
        idle, cpu = app.rss() - before, app.cpu()
        for number in range(1, MESSAGES + 1):
            await client.get(f"{app.url}/broadcast")
            await many.heard(SOCKETS * (number + 1))
        spent = app.cpu() - cpu
        await many.close()
    return Run(idle / SOCKETS / 1024, connect / SOCKETS * 1e6, spent / SOCKETS / MESSAGES * 1e6)


async def crowd(app: Served, asked: Sequence[str]) -> Crowd:
    """Once each has heard hello."""
    made = Crowd(app.port)
    await made.open(asked, TOGETHER)
    await made.heard(len(asked))
    return made


def people(number: int) -> list[UUID]:
    return [uuid4() for _ in range(number)]


async def paths(engines: Engines, accounts: Sequence[UUID]) -> list[str]:
    tickets = [await service.issue_ticket(engines.cache, each) for each in accounts]
    return [f"/v1/ws?ticket={ticket}&since=0" for ticket in tickets]


def told(number: int) -> bytes:
    """What the service publishes once the notification with this number is stored."""
    return topics.message(
        id=number,
        type="notes.ready",
        course_id=uuid4(),
        material_id=uuid4(),
        title="The school of memory, second edition",
        message="Your AI Notes are ready!",
        created_at="2026-01-01T00:00:00.000000Z",
        read_at=None,
    )


async def used(settings: Settings) -> int:
    async with Redis.from_url(settings.redis) as redis:
        return int((await redis.info("memory"))["used_memory"])


# ── the table ─────────────────────────────────────────────────────────────────────────────────
def figures(ours: list[Run], others: dict[str, list[Run]]) -> list[Figure]:
    def typical(name: str, runs: list[Run]) -> float:
        return median(float(getattr(each, name)) for each in runs)

    def beside(name: str, unit: str) -> str:
        return (
            ", ".join(f"{kind} {typical(name, runs):.1f}" for kind, runs in others.items()) + unit
        )

    def row(what: str, name: str, unit: str, mark: float | None) -> Figure:
        value = typical(name, ours)
        return Figure(what, f"{value:.1f} {unit}", beside(name, f" {unit}"), value, mark, unit)

    def alone(what: str, name: str, unit: str) -> Figure:
        value = typical(name, ours)
        return Figure(what, f"{value:,.0f} {unit}", "–", value, None, unit)

    return [
        row(f"RSS of one of {SOCKETS:,} idle WebSockets", "idle_kib", "KiB", 20),
        row("one message to all, CPU of a delivery", "one_to_all_us", "µs", 30),
        alone("one message to each of 10,000 people, CPU of a delivery", "each_their_own_us", "µs"),
        row("a connect, CPU", "connect_us", "µs", None),
        alone("a connect, CPU of PostgreSQL and Valkey", "connect_engines_us", "µs"),
        alone("Valkey's memory for one person's topic", "valkey_bytes", "B"),
    ]


async def main() -> bool:
    many_files()
    ours: list[Run] = []
    others: dict[str, list[Run]] = {kind: [] for kind in KINDS}
    async with served.engines() as settings, bootstrap.open_engines(settings) as engines:
        for _ in range(RUNS):
            ours.append(await studium(settings, engines))
            print(ours[-1])
            for kind in KINDS:
                others[kind].append(await bare(kind))
                print(kind, others[kind][-1])
        rows = figures(ours, others)
    return show("realtime", "realtime", rows)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
