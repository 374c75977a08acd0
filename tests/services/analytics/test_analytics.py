"""Learning events go in by the batch and come out as counts, each once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from studium.core.ports import RefusedRowsError
from studium.runtime.engines import Engines
from studium.services.analytics import records, sink
from tests.services.conftest import Person, Register

PATIENCE = 60


@pytest.fixture
async def sinking(engines: Engines) -> AsyncIterator[None]:
    task = asyncio.create_task(sink.run(engines))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def read(*, kind: str = "page.read", at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "kind": kind,
        "occurred_at": (at or datetime.now(UTC)).isoformat(),
        "material_id": str(uuid4()),
        "place": 3,
        **fields,
    }


async def tell(person: Person, course_id: str, *events: dict[str, Any]) -> None:
    answer = await person.api.post("/v1/events", json={"course_id": course_id, "events": events})
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"accepted": len(events)}


async def items(person: Person, course_id: str, days: int = 28) -> list[dict[str, Any]]:
    path = f"/v1/courses/{course_id}/analytics/activity"
    answer = await person.api.get(path, params={"days": days})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def until(
    person: Person, course_id: str, good: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        while not good(found := await items(person, course_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found


async def test_what_people_read_is_counted_by_day_and_kind_and_nobody_is_named(
    register: Register, sinking: None
) -> None:
    ada, ben, eve = [await register(name) for name in ("Ada", "Ben", "Eve")]
    course = (await ada.course())["id"]
    for student in (ben, eve):
        await ada.enrol(student, course)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await tell(ben, course, read(), read(), read(kind="quiz.answered"))
    await tell(eve, course, read(), read(at=yesterday))
    found = await until(ada, course, lambda rows: sum(row["times"] for row in rows) == 5)
    today = datetime.now(UTC).date().isoformat()
    assert found == [
        {"day": yesterday.date().isoformat(), "kind": "page.read", "times": 1, "people": 1},
        {"day": today, "kind": "page.read", "times": 3, "people": 2},
        {"day": today, "kind": "quiz.answered", "times": 1, "people": 1},
    ]


async def test_what_is_sent_again_counts_once(ada: Person, sinking: None) -> None:
    course = (await ada.course())["id"]
    events = [read() for _ in range(5)]
    await tell(ada, course, *events)
    await tell(ada, course, *events)
    await tell(ada, course, *events[:2], read(kind="section.read"))
    found = await until(ada, course, lambda rows: len(rows) == 2)
    assert [row["times"] for row in found] == [5, 1]


async def test_a_wrong_clock_writes_neither_the_future_nor_long_ago(
    ada: Person, sinking: None
) -> None:
    course = (await ada.course())["id"]
    now = datetime.now(UTC)
    await tell(ada, course, read(at=now + timedelta(days=400)), read(at=now - timedelta(days=400)))
    async with asyncio.timeout(PATIENCE):
        while len(found := await items(ada, course, days=366)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    days = [(now.date() - datetime.fromisoformat(row["day"]).date()).days for row in found]
    assert days in ([30, 0], [29, 0])  # midnight may have passed


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": []},
        {"events": [read() for _ in range(101)]},
        {"events": [read(kind="page.eaten")]},
        {"events": [read(place=-1)]},
        {"events": [read(id="mine")]},
        {"events": [read(occurred_at="2026-01-01T00:00:00")]},
    ],
    ids=["none", "too many", "kind", "place", "id", "no time zone"],
)
async def test_what_is_no_batch_is_refused(ada: Person, wrong: dict[str, Any]) -> None:
    course = (await ada.course())["id"]
    answer = await ada.api.post("/v1/events", json={"course_id": course, **wrong})
    assert answer.status_code == 422


class Picky:
    """A warehouse that takes no line with `bad` in it."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.forgotten: list[UUID] = []

    async def keep(self, lines: Sequence[bytes]) -> None:
        if any(b"bad" in line for line in lines):
            raise RefusedRowsError("bad")
        self.kept += lines

    async def forget_course(self, organisation_id: UUID, course_id: UUID) -> None:
        self.forgotten.append(course_id)


async def test_a_line_that_no_warehouse_takes_holds_up_no_other() -> None:
    warehouse, course = Picky(), uuid4()
    batch = [b"one\nbad", records.forgetting(uuid4(), course), b"two"]
    await sink.Sink(warehouse).take(batch)  # type: ignore[arg-type]
    assert warehouse.kept == [b"one", b"two"]
    assert warehouse.forgotten == [course]
