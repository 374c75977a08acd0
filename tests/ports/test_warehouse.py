"""What Studium needs of a warehouse: ClickHouse in this process, or a server where one is."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from studium.adapters.embedded.processes import free_port
from studium.adapters.warehouse import open_warehouse
from studium.adapters.warehouse.holding import WarehouseHeldError, held
from studium.core.errors import EngineUnavailableError
from studium.core.ports import ActivityCount, RefusedRowsError, Warehouse
from studium.settings import Settings

SERVER = "STUDIUM_TEST_CLICKHOUSE_URL"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = date(2026, 3, 1), date(2026, 3, 31)


@pytest.fixture(scope="module", params=["in the process", "server"])
def url(request: pytest.FixtureRequest, settings: Settings) -> str:
    """A database of its own: one process holds one folder, which other tests use too."""
    database = f"test_{uuid4().hex}"
    if request.param == "server":
        if not (server := os.environ.get(SERVER)):
            pytest.skip(f"{SERVER} is not set")
        return f"{server.rstrip('/')}/{database}"
    return f"chdb://{settings.home}/warehouse?database={database}"


@pytest.fixture
async def warehouse(url: str) -> AsyncIterator[Warehouse]:
    opened = open_warehouse(url)
    await opened.migrate()
    yield opened
    await opened.close()


class Course:
    """One that nobody else writes to."""

    def __init__(self) -> None:
        self.organisation, self.id = uuid4(), uuid4()

    def row(self, *, kind: str = "page.read", account: UUID | None = None, days: int = 0) -> bytes:
        return json.dumps(
            {
                "id": str(uuid4()),
                "organisation_id": str(self.organisation),
                "course_id": str(self.id),
                "account_id": str(account or uuid4()),
                "material_id": str(uuid4()),
                "kind": kind,
                "occurred_at": (NOON + timedelta(days=days)).isoformat(),
                "place": 7,
            }
        ).encode()

    async def counted(self, warehouse: Warehouse) -> Sequence[ActivityCount]:
        return await warehouse.activity(self.organisation, self.id, *MARCH)


async def test_rows_are_counted_by_day_and_kind_and_people_once(warehouse: Warehouse) -> None:
    course, ada = Course(), uuid4()
    await warehouse.keep([course.row(account=ada), course.row(account=ada), course.row()])
    await warehouse.keep([course.row(kind="quiz.answered", days=1)])
    assert await course.counted(warehouse) == [
        ActivityCount(date(2026, 3, 1), "page.read", 3, 2),
        ActivityCount(date(2026, 3, 2), "quiz.answered", 1, 1),
    ]


async def test_a_row_that_comes_again_counts_once(warehouse: Warehouse) -> None:
    course = Course()
    rows = [course.row() for _ in range(5)]
    await warehouse.keep(rows)
    await warehouse.keep([*rows, course.row()])
    (counted,) = await course.counted(warehouse)
    assert counted.times == 6


async def test_a_course_and_an_organisation_see_their_own(warehouse: Warehouse) -> None:
    course, other = Course(), Course()
    await warehouse.keep([course.row(), other.row()])
    (counted,) = await course.counted(warehouse)
    assert counted.times == 1
    assert not await warehouse.activity(other.organisation, course.id, *MARCH)


async def test_only_the_days_that_were_asked_for(warehouse: Warehouse) -> None:
    course = Course()
    await warehouse.keep([course.row(days=days) for days in (-1, 0, 30, 31)])
    assert [each.day.day for each in await course.counted(warehouse)] == [1, 31]


async def test_a_course_is_forgotten_and_its_neighbour_is_not(warehouse: Warehouse) -> None:
    course, other = Course(), Course()
    await warehouse.keep([course.row(), other.row()])
    await warehouse.forget_course(course.organisation, course.id)
    assert not await course.counted(warehouse)
    assert await other.counted(warehouse)


async def test_what_is_no_row_is_refused_and_the_next_is_taken(warehouse: Warehouse) -> None:
    course = Course()
    for wrong in (b"not JSON", course.row().replace(b"page.read", b'", "id": "no uuid'), b'{"id"'):
        with pytest.raises(RefusedRowsError):
            await warehouse.keep([wrong])
    await warehouse.keep([course.row()])
    (counted,) = await course.counted(warehouse)
    assert counted.times == 1


async def test_a_field_of_a_newer_version_does_not_stop_a_row(warehouse: Warehouse) -> None:
    course = Course()
    await warehouse.keep([course.row().replace(b'{"id"', b'{"later": [1], "id"')])
    assert await course.counted(warehouse)


async def test_what_was_kept_is_there_when_it_is_opened_again(
    warehouse: Warehouse, url: str
) -> None:
    course = Course()
    await warehouse.keep([course.row()])
    again = open_warehouse(url)
    await again.migrate()
    assert await course.counted(again)
    await again.close()


async def test_a_server_out_of_reach_is_said_in_our_words() -> None:
    warehouse = open_warehouse(f"clickhouse://127.0.0.1:{free_port()}/studium")
    for asked in (warehouse.ping(), warehouse.keep([Course().row()]), warehouse.migrate()):
        with pytest.raises(EngineUnavailableError, match="kept for it meanwhile"):
            await asked
    await warehouse.close()


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="warehouse: mysql"):
        open_warehouse("mysql://127.0.0.1/")


OTHER = """
import asyncio, sys, uuid, datetime
from studium.adapters.warehouse import open_warehouse
from studium.core.errors import EngineUnavailableError
async def main():
    try:
        await open_warehouse(sys.argv[1]).migrate()
    except EngineUnavailableError as error:
        print(error.detail)
asyncio.run(main())
"""


async def test_a_second_process_on_the_folder_is_told_so(settings: Settings) -> None:
    url = f"chdb://{settings.home}/warehouse"
    warehouse = open_warehouse(url)
    await warehouse.migrate()
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, url, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await other.communicate()
    await warehouse.close()
    assert b"one process may hold it" in said


def test_the_holder_of_a_folder_is_alone(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    with held(folder), pytest.raises(WarehouseHeldError, match="one runs already"), held(folder):
        pass
    with held(folder):
        pass
