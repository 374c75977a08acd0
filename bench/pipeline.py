"""Books through the product: a web process, the relay and one library worker, each a process of
its own, and what a book costs all of them and the engines.

The clock runs from the upload's first byte until the rows say that the goal is reached. The client
and the connection that looks at the rows are the bench's own and not counted; what the processes do
while idle is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from bench import processes, served
from bench.served import Teacher
from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.settings import Settings

LOOK_SECONDS = 0.05
BOOK_SECONDS = 300
SETTLE_SECONDS = 2.5
"""Until the relay and the sweeper have seen what a book left: their rounds."""
_STATE = """
    SELECT m.status, m.stage, m.problem, m.passages_total, m.ranges_total, m.ranges_indexed,
        coalesce((SELECT n.status FROM notes.note_sets n WHERE n.material_id = m.id), '') AS notes
    FROM library.materials m WHERE m.id = $1
"""
_SET_ASIDE = """
    CREATE FUNCTION events.set_aside() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$ BEGIN
        IF EXISTS (SELECT FROM events.events WHERE id = NEW.event_id AND type = '{event}'
            AND coalesce((payload ->> 'number')::int, 0) >= {first})
        THEN NEW.state := 'done'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER set_aside BEFORE INSERT ON events.deliveries
        FOR EACH ROW EXECUTE FUNCTION events.set_aside()
"""
VECTORS, NOTES = "PageRangeRead", "SectionRead"
"""The facts that ask for them."""
State = Mapping[str, Any]
Goal = Callable[[State], bool]


def searchable(state: State) -> bool:
    return bool(state["status"] == "ready")


def keywords(state: State) -> bool:
    """Every page is read and its keywords are in the index."""
    return bool(state["stage"] == "indexing")


def with_notes(state: State) -> bool:
    return bool(state["status"] == "ready" and state["notes"] == "ready")


@dataclass(frozen=True, slots=True)
class Cost:
    by_role: Mapping[str, float]
    """CPU seconds by what a process is."""
    passages: int

    @property
    def cpu(self) -> float:
        return sum(self.by_role.values())

    def __str__(self) -> str:
        parts = sorted(self.by_role.items(), key=lambda part: -part[1])
        return " · ".join(f"{role} {seconds:.2f}" for role, seconds in parts if seconds >= 0.005)


class Pipeline:
    def __init__(self, teacher: Teacher, looking: "asyncpg.Connection", mine: int) -> None:
        self._teacher = teacher
        self._looking = looking
        self._mine = frozenset({mine})

    async def cost(self, book: Path, goal: Goal) -> Cost:
        """Of one book, in a course of its own: the same bytes twice in a course are one book."""
        await asyncio.sleep(SETTLE_SECONDS)
        course = self._teacher.courses.pop()
        content = await asyncio.to_thread(book.read_bytes)
        before = processes.usage(self._mine)
        state = await self._upload(course, content, goal)
        spent = processes.spent(before, processes.usage(self._mine))
        return Cost(spent, state["passages_total"])

    async def _upload(self, course: str, content: bytes, goal: Goal) -> State:
        path = f"/v1/courses/{course}/materials"
        files = {"file": ("book.pdf", content, "application/pdf")}
        answer = (await self._teacher.api.post(path, files=files)).raise_for_status()
        material = UUID(answer.json()["id"])
        async with asyncio.timeout(BOOK_SECONDS):
            while True:
                state = await self._looking.fetchrow(_STATE, material)
                if state["status"] == "failed":
                    raise RuntimeError(state["problem"])
                if goal(state):
                    return dict(state)
                await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def pipeline(
    settings: Settings, groups: Sequence[str] = ("library",), courses: int = 6
) -> AsyncIterator[Pipeline]:
    """The processes, started and idle. `courses`: how many books may be measured."""
    processes.subreaper()
    async with (
        looking(settings) as connection,
        served.studium(settings, *served.EVERY_WEB) as app,
        served.studium(settings, "run", "relay"),
        served.studium(settings, "work", *groups),
        served.teacher(app.url, courses) as teacher,
    ):
        mine = await connection.fetchval("SELECT pg_backend_pid()")
        yield Pipeline(teacher, connection, mine)


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator["asyncpg.Connection"]:
    """A connection that sees the rows of every organisation."""
    port = urlsplit(settings.courses_db).port or 0
    password = Home(settings.home).secret(cluster.SUPERUSER)
    connection = await cluster.connect(port, password, "courses")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def set_aside(settings: Settings, event: str, first: int = 0) -> AsyncIterator[None]:
    """The deliveries of `event` are marked done as they are written, so nobody does that work.
    `first`: the number of the first page range that this holds for.
    """
    async with looking(settings) as connection:
        await connection.execute(_SET_ASIDE.format(event=event, first=first))
        yield
        await connection.execute("DROP FUNCTION events.set_aside() CASCADE")
