"""How fast learning events come into the warehouse, beside clickhouse-connect alone.

Ours is the sink's path, from the event stream's records to rows that are kept; the bare client
inserts the same rows, which it has as Python values, into the same table of the same engine in this
process. Turn and turn about, medians. Beside it: what it costs the web to make the records.
`PYTHONPATH=. python -m bench.warehouse`
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import UUID, uuid4

from clickhouse_connect import get_client

from bench.marks import Figure, show
from studium.adapters.broker.batching import BATCH
from studium.adapters.warehouse import open_warehouse
from studium.services.analytics import records
from studium.services.analytics.contract import LearningEvent, LearningKind
from studium.services.analytics.sink import Sink
from studium.services.courses.contract import CourseRole, CourseView

RUNS, PER_RECORD = 9, 20
ROWS = BATCH * PER_RECORD
MARK = 0.5
COLUMNS = (
    "id",
    "organisation_id",
    "course_id",
    "account_id",
    "material_id",
    "kind",
    "occurred_at",
    "place",
)


def events() -> list[LearningEvent]:
    now = datetime.now(UTC)
    return [
        LearningEvent(
            id=uuid4(),
            kind=LearningKind.PAGE_READ,
            occurred_at=now,
            material_id=uuid4(),
            place=number,
        )
        for number in range(PER_RECORD)
    ]


def course() -> CourseView:
    now = datetime.now(UTC)
    return CourseView(
        id=uuid4(),
        organisation_id=uuid4(),
        title="Memory",
        description="",
        role=CourseRole.STUDENT,
        created_at=now,
        updated_at=now,
    )


def values(event: LearningEvent, of: CourseView, account: UUID) -> Sequence[Any]:
    where = (of.organisation_id, of.id, account, event.material_id)
    return (event.id, *where, event.kind.value, event.occurred_at, event.place)


async def main() -> bool:
    of = course()
    ours: list[float] = []
    bare: list[float] = []
    making: list[float] = []
    with tempfile.TemporaryDirectory(prefix="studium-warehouse-") as folder:
        warehouse = open_warehouse(f"chdb://{folder}/warehouse")
        await warehouse.migrate()
        client = get_client(interface="chdb", path=f"{folder}/warehouse", database="studium")
        sink = Sink(warehouse)
        for run in range(RUNS + 1):
            batches, account = [events() for _ in range(BATCH)], uuid4()
            now, begun = datetime.now(UTC), time.perf_counter()
            batch = [records.of_person(each, of, account, now) for each in batches]
            made = time.perf_counter()
            await sink.take(batch)
            kept = time.perf_counter()
            rows = [values(each, of, uuid4()) for some in batches for each in some]
            ready = time.perf_counter()
            client.insert("activity", rows, column_names=COLUMNS)
            if run:  # the first of each is slow
                making.append(made - begun)
                ours.append(kept - made)
                bare.append(time.perf_counter() - ready)
        counted = await warehouse.activity(
            of.organisation_id, of.id, datetime.now(UTC).date(), datetime.now(UTC).date()
        )
        if sum(each.times for each in counted) != 2 * ROWS * (RUNS + 1):
            raise RuntimeError(f"rows are missing: {counted}")
        client.close()
        await warehouse.close()
    return show(
        "warehouse", f"{ROWS:,} events a batch, one processor's thread", figures(ours, bare, making)
    )


def figures(ours: list[float], bare: list[float], making: list[float]) -> list[Figure]:
    mine, theirs = ROWS / median(ours), ROWS / median(bare)
    ratio = median(other / one for one, other in zip(ours, bare, strict=True))
    each = median(making) / ROWS * 1e6
    return [
        Figure(
            "events a second, records → kept, beside the bare client",
            f"{mine:,.0f}",
            f"{theirs:,.0f}",
            ratio,
            MARK,
            at_least=True,
        ),
        Figure(
            "CPU of the web to make a record, an event", f"{each:.1f} µs", "–", each, None, "µs"
        ),
    ]


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
