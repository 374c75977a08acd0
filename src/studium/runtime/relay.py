"""The relay publishes due deliveries; the sweeper finds those that went missing.

Both see every organisation (role `studium_system`) and any number of each may run.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import asyncpg
import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from studium.core.errors import EngineUnavailableError
from studium.core.ports import Broker, Reference
from studium.runtime import telemetry
from studium.runtime.database import Database, Scope
from studium.runtime.deliveries import CHANNEL
from studium.runtime.engines import Engines
from studium.runtime.service import Sweep

log = structlog.get_logger()

BATCH = 200
POLL_SECONDS = 1.0
"""A retry becomes due without a NOTIFY, so the relay also looks by itself."""
SWEEP_SECONDS = 2.0
CLEAR_SECONDS = 600.0
RESEND_SECONDS = 30.0
"""Default of `STUDIUM_RESEND_SECONDS`."""

_DUE = text(
    "SELECT id, group_name FROM events.deliveries"
    " WHERE state IN ('new', 'retry') AND due_at <= now()"
    " ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED"
)
_SENT = text(
    "UPDATE events.deliveries SET state = 'sent', sends = sends + 1, updated_at = now(),"
    " due_at = now() + make_interval(secs => :resend * power(2, least(sends, 6)))"
    " WHERE id = ANY(:ids)"
)
_UNCLAIMED = text(
    "UPDATE events.deliveries SET state = 'new', due_at = now(), updated_at = now()"
    " WHERE id IN (SELECT id FROM events.deliveries WHERE state = 'sent' AND due_at <= now()"
    " ORDER BY due_at LIMIT 1000 FOR UPDATE SKIP LOCKED)"
)
_LEASE_LOST = text(
    "UPDATE events.deliveries SET state = 'retry', due_at = now(), lease_until = NULL,"
    " last_error = 'the worker stopped before it finished', updated_at = now()"
    " WHERE id IN (SELECT id FROM events.deliveries WHERE state = 'running'"
    " AND lease_until <= now() ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED)"
)


async def publish_due(
    database: Database, broker: Broker, batch: int = BATCH, resend_seconds: float = RESEND_SECONDS
) -> int:
    """Publishes one batch and marks it sent; how many. A crash in between publishes them twice,
    which a claim makes harmless.
    """
    async with database.transaction(Scope()) as session:
        rows = (await session.execute(_DUE, {"batch": batch})).all()
        if rows:
            await broker.publish([Reference(row.id, row.group_name) for row in rows])
            ids = [row.id for row in rows]
            await session.execute(_SENT, {"ids": ids, "resend": resend_seconds})
    telemetry.relay_published(len(rows))
    return len(rows)


async def sweep(database: Database) -> int:
    """Makes unclaimed messages and lost leases due again; how many."""
    async with database.transaction(Scope()) as session:
        return await _changed(session, _UNCLAIMED) + await _changed(session, _LEASE_LOST)


async def _changed(session: AsyncSession, statement: Any) -> int:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount


async def sweep_forever(database: Database) -> None:
    while True:
        try:
            await sweep(database)
        except EngineUnavailableError as error:
            log.warning("sweeper.paused", error=str(error))
        await asyncio.sleep(SWEEP_SECONDS)


async def clear_forever(database: Database, engines: Engines, sweeps: Sequence[Sweep]) -> None:
    """Lets the services clear away what processes left behind that ended in the middle."""
    while True:
        for clear in sweeps:
            try:
                await clear(database, engines)
            except EngineUnavailableError as error:
                log.warning("clearing.paused", error=str(error))
        await asyncio.sleep(CLEAR_SECONDS)


class Relay:
    """The loop: publish until nothing is due, then wait for a NOTIFY or the poll."""

    def __init__(self, database: Database, broker: Broker, resend_seconds: float) -> None:
        self._database = database
        self._resend = resend_seconds
        self._broker = broker
        self._woken = asyncio.Event()

    async def run(self) -> None:
        pause = POLL_SECONDS
        while True:
            try:
                async with _listening(self._database.engine, self._woken):
                    pause = POLL_SECONDS
                    await self._publish_forever()
            except (EngineUnavailableError, OSError, asyncpg.PostgresError) as error:
                log.warning("relay.paused", error=str(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 15.0)

    async def _publish_forever(self) -> None:
        while True:
            self._woken.clear()
            while await publish_due(self._database, self._broker, BATCH, self._resend):
                pass
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)


@asynccontextmanager
async def _listening(engine: AsyncEngine, woken: asyncio.Event) -> AsyncIterator[None]:
    """LISTEN needs a connection of its own that no pooler hands on."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.add_listener(CHANNEL, lambda *_: woken.set())
        yield
    finally:
        await connection.close(timeout=5)
