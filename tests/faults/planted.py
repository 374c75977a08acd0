"""Bugs planted on purpose, one at a time, to see whether the checker finds them.

    python -m tests.faults.planted                      plants each and prints a table
    python -m tests.faults.planted "no fencing" run …   what a process of such a world runs

A process with a bug is the product with one function replaced before it starts. Where a bug shows
only if a process dies in a certain moment, the moment is held open for a third of a second.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from studium.runtime import database, deliveries, relay, worker

MOMENT = 0.3


def _put(where: object, name: str, instead: object) -> None:
    assert hasattr(where, name), f"the product has no {name} any more"
    setattr(where, name, instead)


def done_before_the_work() -> None:
    """The claim marks the delivery done: what is killed then is never done."""
    claim = str(deliveries._CLAIM).replace("'running'", "'done'", 1)
    _put(deliveries, "_CLAIM", text(claim))
    _unguarded()


def _unguarded() -> None:
    async def passes(*_: object) -> None:
        return None

    _put(deliveries, "_guarded", passes)


def effects_outside_of_the_transaction() -> None:
    """Marked done in one transaction, and the effects in the next."""

    @asynccontextmanager
    async def finish(self: worker.Job) -> AsyncIterator[Any]:
        async with self.reading() as session:
            await deliveries.complete(session, self.claim)
        await asyncio.sleep(MOMENT)
        async with self.reading() as session:
            yield session
        self.finished = True

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    _put(worker.Job, "finish", finish)
    # The heartbeat would find the delivery ended, and end the work: it has to keep still.
    _put(worker.Worker, "_beat", never)


def no_fencing() -> None:
    """Whoever has finished may write, though another holds the delivery by now."""
    for name in ("_END", "_EXTEND"):
        statement = str(getattr(deliveries, name))
        unfenced = statement.replace(" AND state = 'running' AND attempt = :attempt", "")
        _put(deliveries, name, text(unfenced))


def leases_are_not_swept() -> None:
    _put(relay, "_LEASE_LOST", text("UPDATE events.deliveries SET state = state WHERE false"))


def unclaimed_messages_are_not_sent_again() -> None:
    _put(relay, "_UNCLAIMED", text("UPDATE events.deliveries SET state = state WHERE false"))


def commits_are_not_on_disk() -> None:
    """Answered before PostgreSQL has written its log: what it forgets was acknowledged."""
    create = create_async_engine

    def careless(url: str, **options: Any) -> Any:
        options["connect_args"]["server_settings"]["synchronous_commit"] = "off"
        return create(url, **options)

    _put(database, "create_async_engine", careless)


def facts_after_the_commit() -> None:
    """The outbox is written in a transaction of its own, once the effects are committed."""
    emit = deliveries.emit

    async def later(session: Any, *events: Any) -> None:
        keeper = database.Database(session.bind, session.info["subscriptions"])

        async def errand() -> None:
            await asyncio.sleep(MOMENT)
            scope = database.Scope((events[0].organisation_id,))
            async with keeper.transaction(scope) as another:
                await emit(another, *events)

        database.after_commit(session, errand)

    _put(deliveries, "emit", later)


def told_before_it_is_stored() -> None:
    """The push leaves at once, and the notification is committed a moment later."""
    from studium.services.realtime import service  # noqa: PLC0415

    notify = service.notify

    async def early(session: Any, *arguments: Any, **fields: Any) -> None:
        await notify(session, *arguments, **fields)
        await session.info["after_commit"].pop()()
        await asyncio.sleep(MOMENT)

    _put(service, "notify", early)


def since_is_forgotten() -> None:
    """Who comes back hears only what is new."""
    from studium.services.realtime.connection import Connection  # noqa: PLC0415

    begin = Connection._begin

    async def anew(self: Connection, _since: int | None) -> None:
        await begin(self, None)

    _put(Connection, "_begin", anew)


def the_last_section_is_counted_without_a_lock() -> None:
    from studium.services.notes import queries  # noqa: PLC0415

    found = queries.found

    async def unlocked(session: Any, material_id: Any, **_: Any) -> Any:
        notes = await found(session, material_id)
        await asyncio.sleep(MOMENT / 10)
        return notes

    _put(queries, "found", unlocked)


def ids_are_random() -> None:
    """A passage's id is not derived from its place, so a second reading is another book."""
    from studium.services.library import ingest  # noqa: PLC0415

    _put(ingest, "uuid5", lambda *_: uuid4())


@dataclass(frozen=True, slots=True)
class Bug:
    plant: Callable[[], None]
    shown_by: Mapping[str, int]
    """The faults that bring it to light, with their weights."""


WORKERS = {"worker 1": 3, "worker 2": 3, "worker 3": 3}
BUGS = {
    "done before the work": Bug(done_before_the_work, WORKERS),
    "effects outside of the transaction": Bug(effects_outside_of_the_transaction, WORKERS),
    "no fencing": Bug(no_fencing, {"freeze": 1, "reader": 1}),
    "leases are not swept": Bug(leases_are_not_swept, WORKERS),
    "unclaimed messages are not sent again": Bug(
        unclaimed_messages_are_not_sent_again, {"valkey": 1, **WORKERS}
    ),
    "commits are not on disk": Bug(commits_are_not_on_disk, {"postgres": 1}),
    "facts after the commit": Bug(facts_after_the_commit, {"web 1": 1, "web 2": 1, **WORKERS}),
    "told before it is stored": Bug(told_before_it_is_stored, WORKERS),
    "since is forgotten": Bug(since_is_forgotten, {"web 1": 1, "web 2": 1}),
    "the last section is counted without a lock": Bug(
        the_last_section_is_counted_without_a_lock, {"reader": 1}
    ),
    "ids are random": Bug(ids_are_random, {"reader": 1}),
}


def main() -> None:
    """A process of a world with a bug: the product, with the bug in it."""
    name, *arguments = sys.argv[1:]
    BUGS[name].plant()
    sys.argv = ["studium", *arguments]
    from studium.__main__ import main as studium  # noqa: PLC0415 - after the bug is in

    studium()


if __name__ == "__main__":
    main()
