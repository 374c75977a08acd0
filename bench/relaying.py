"""What a delivery costs until it is published, beside the same statements bare.

- `emit`: 200 events in one transaction, beside asyncpg's `executemany` of the same rows;
- the relay's `publish_due`: 200 due deliveries found, published and marked, beside asyncpg and one
  pipeline of XADDs that do the same.

CPU is of this process and of the engines. No relay and no worker runs meanwhile.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from uuid import UUID

import asyncpg
from redis.asyncio import Redis

from bench import served
from bench.marks import Figure
from studium.core.event import Event
from studium.core.identity import new_id
from studium.runtime.database import Database, Scope
from studium.runtime.deliveries import emit
from studium.runtime.engines import Engines
from studium.runtime.relay import BATCH, RESEND_SECONDS, publish_due

GROUP = "bench"
ROUNDS, BATCHES = 9, 5
STREAM = f"studium.{GROUP}"

_DUE = (
    "SELECT id FROM events.deliveries WHERE state = 'new' AND due_at <= now()"
    " ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED"
)
_SENT = (
    "UPDATE events.deliveries SET state = 'sent', sends = sends + 1, updated_at = now(),"
    " due_at = now() + interval '30 s' WHERE id = ANY($1)"
)
_EVENT = (
    "INSERT INTO events.events (id, type, organisation_id, occurred_at, payload)"
    " VALUES ($1, 'Happened', $2, $3, $4)"
)
_DELIVERY = (
    "INSERT INTO events.deliveries (id, event_id, group_name, organisation_id)"
    " VALUES ($1, $2, $3, $4)"
)


class Happened(Event):
    """An event of the bench's own, as large as the product's."""

    course_id: UUID
    material_id: UUID
    title: str = "How memory learns, and why it forgets"


def happened(organisation: UUID) -> Happened:
    return Happened(organisation_id=organisation, course_id=new_id(), material_id=new_id())


class Sides:
    """The product's way and the bare one, on the same engines."""

    def __init__(
        self, engines: Engines, system: Database, connection: "asyncpg.Connection", redis: "Redis"
    ) -> None:
        self._engines, self._system = engines, system
        self._connection, self._redis = connection, redis
        self._organisation = new_id()

    async def emit(self) -> None:
        async with self._engines.courses.transaction(Scope((self._organisation,))) as session:
            await emit(session, *(happened(self._organisation) for _ in range(BATCH)))

    async def insert(self) -> None:
        events = [happened(self._organisation) for _ in range(BATCH)]
        now = datetime.now(UTC)
        async with self._connection.transaction():
            await self._connection.executemany(
                _EVENT,
                [(each.id, self._organisation, now, each.model_dump_json()) for each in events],
            )
            await self._connection.executemany(
                _DELIVERY, [(new_id(), each.id, GROUP, self._organisation) for each in events]
            )

    async def relay(self) -> None:
        published = await publish_due(self._system, self._engines.broker, BATCH, RESEND_SECONDS)
        if published != BATCH:
            raise RuntimeError(f"the relay published {published}")

    async def publish(self) -> None:
        async with self._connection.transaction():
            rows = await self._connection.fetch(_DUE, BATCH)
            async with self._redis.pipeline(transaction=False) as pipeline:
                for row in rows:
                    pipeline.xadd(STREAM, {b"delivery": row["id"].bytes}, maxlen=100_000)
                await pipeline.execute()
            await self._connection.execute(_SENT, [row["id"] for row in rows])
        if len(rows) != BATCH:
            raise RuntimeError(f"{len(rows)} were due")


async def cost(work: Callable[[], Awaitable[None]]) -> float:
    """CPU microseconds of one of a batch."""
    before = time.process_time() + served.engines_cpu()
    for _ in range(BATCHES):
        await work()
    spent = time.process_time() + served.engines_cpu() - before
    return spent / (BATCHES * BATCH) * 1e6


async def figures(
    engines: Engines, system: Database, connection: "asyncpg.Connection", redis: "Redis"
) -> list[Figure]:
    sides = Sides(engines, system, connection, redis)
    pairs: dict[str, list[tuple[float, float]]] = {"emit": [], "relay": []}
    for _ in range(ROUNDS):
        pairs["emit"].append((await cost(sides.emit), await cost(sides.insert)))
        pairs["relay"].append((await cost(sides.relay), await cost(sides.publish)))
        await connection.execute("TRUNCATE events.events CASCADE")
        await redis.delete(STREAM)
    names = {
        "emit": f"emit, CPU an event, {BATCH} a transaction",
        "relay": f"relay, CPU a delivery, {BATCH} a batch",
    }
    return [_figure(names[name], found[1:]) for name, found in pairs.items()]


def _figure(what: str, pairs: list[tuple[float, float]]) -> Figure:
    ours, bare = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    told = [f"{each:.0f} µs, {1e6 / each:,.0f} a CPU second" for each in (ours, bare)]
    return Figure(what, told[0], f"bare: {told[1]}", ratio, None)
