"""Deliveries: claimed once, fenced, retried, buried, found again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from studium.core.event import Event
from studium.core.identity import new_id
from studium.core.ports import Reference
from studium.runtime import deliveries, relay
from studium.runtime.database import Database, Scope, open_database
from studium.runtime.deliveries import MAX_ATTEMPTS, LeaseLostError, emit
from studium.runtime.engines import Engines
from studium.runtime.service import Peers, Service
from studium.runtime.worker import Job, Worker
from studium.settings import Settings

GROUP = "testers"


class SomethingHappened(Event):
    number: int


@pytest.fixture
async def database(settings: Settings) -> Any:
    opened = open_database(settings.courses_db, {"SomethingHappened": frozenset({GROUP})})
    yield opened
    await opened.close()


@pytest.fixture
async def system(settings: Settings) -> Any:
    opened = open_database(settings.courses_db_system)
    async with opened.transaction(Scope()) as session:
        await session.execute(text("DELETE FROM events.events"))
    yield opened
    await opened.close()


async def happened(database: Database, number: int = 1) -> UUID:
    """Emits; the id of the delivery."""
    event = SomethingHappened(organisation_id=uuid4(), number=number)
    async with database.transaction(Scope((event.organisation_id,))) as session:
        await emit(session, event)
        found = await session.scalar(
            text("SELECT id FROM events.deliveries WHERE event_id = :id"), {"id": event.id}
        )
    return UUID(str(found))


async def state_of(system: Database, delivery: UUID) -> tuple[str, int, str | None]:
    async with system.transaction(Scope()) as session:
        row = (
            await session.execute(
                text("SELECT state, attempt, last_error FROM events.deliveries WHERE id = :id"),
                {"id": delivery},
            )
        ).one()
    return row.state, row.attempt, row.last_error


async def claim(database: Database, delivery: UUID) -> Any:
    async with database.transaction(Scope(delivery_id=delivery)) as session:
        return await deliveries.claim(session, delivery, GROUP, 30)


Attempt = Callable[[UUID], Awaitable[None]]


def worker(engines: Engines, database: Database, handler: Any, give_up: Any = None) -> Attempt:
    """Takes one delivery and works on it to the end, as the broker's consumer does."""
    service = Service(
        name=GROUP,
        handlers={SomethingHappened: handler},
        give_ups={SomethingHappened: give_up} if give_up else {},
    )
    made = Worker(service, replace(engines, courses=database), Peers(), 1, 30)

    async def attempt(delivery: UUID) -> None:
        await made.take(Reference(delivery, GROUP))
        await asyncio.gather(*made._work)

    return attempt


async def test_an_event_nobody_handles_is_a_mistake(engines: Engines) -> None:
    event = SomethingHappened(organisation_id=uuid4(), number=1)
    with pytest.raises(LookupError):
        async with engines.courses.transaction(Scope((event.organisation_id,))) as session:
            await emit(session, event)


async def test_only_one_of_many_claims_a_delivery(database: Database, system: Database) -> None:
    delivery = await happened(database)
    claims = await asyncio.gather(*(claim(database, delivery) for _ in range(8)))
    assert sum(each is not None for each in claims) == 1


async def test_effects_and_done_are_one_transaction(
    database: Database, system: Database, engines: Engines
) -> None:
    async def handler(_event: Any, job: Job) -> None:
        async with job.finish():
            raise ValueError("after the effects")

    delivery = await happened(database)
    await worker(engines, database, handler)(delivery)
    state, attempt, error = await state_of(system, delivery)
    assert (state, attempt) == ("retry", 1)
    assert error == "ValueError: after the effects"


async def test_a_worker_that_lost_its_lease_takes_no_effect(
    database: Database, system: Database
) -> None:
    delivery = await happened(database)
    first = await claim(database, delivery)
    await expire_leases(system)
    await relay.sweep(system)
    second = await claim(database, delivery)
    assert (first.attempt, second.attempt) == (1, 2)
    with pytest.raises(LeaseLostError):
        async with database.transaction(Scope((first.organisation_id,))) as session:
            await deliveries.complete(session, first)
    async with database.transaction(Scope((second.organisation_id,))) as session:
        await deliveries.complete(session, second)
    assert (await state_of(system, delivery))[:2] == ("done", 2)


async def expire_leases(system: Database) -> None:
    async with system.transaction(Scope()) as session:
        await session.execute(
            text(
                "UPDATE events.deliveries SET lease_until = now() - interval '1 s'"
                " WHERE state = 'running'"
            )
        )


async def make_due(system: Database) -> None:
    async with system.transaction(Scope()) as session:
        await session.execute(text("UPDATE events.deliveries SET due_at = now()"))


async def test_five_failures_bury_a_delivery_and_say_so(
    database: Database, system: Database, engines: Engines
) -> None:
    given_up: list[tuple[int, str]] = []

    async def handler(_event: Any, _job: Job) -> None:
        raise RuntimeError("no luck")

    async def give_up(event: SomethingHappened, _session: Any, reason: str) -> None:
        given_up.append((event.number, reason))

    attempt = worker(engines, database, handler, give_up)
    delivery = await happened(database, 7)
    for _ in range(MAX_ATTEMPTS):
        assert given_up == []
        await make_due(system)
        await attempt(delivery)
    assert (await state_of(system, delivery))[0] == "dead"
    assert given_up == [(7, "RuntimeError: no luck")]
    await attempt(delivery)
    assert len(given_up) == 1


async def test_a_handler_without_effects_is_done_when_it_returns(
    database: Database, system: Database, engines: Engines
) -> None:
    seen: list[int] = []

    async def handler(event: SomethingHappened, _job: Job) -> None:
        seen.append(event.number)

    delivery = await happened(database, 3)
    attempt = worker(engines, database, handler)
    await attempt(delivery)
    await attempt(delivery)
    assert seen == [3]
    assert (await state_of(system, delivery))[0] == "done"


async def test_the_relay_publishes_what_is_due_once(
    database: Database, system: Database, engines: Engines
) -> None:
    class Keeper:
        kept: list[UUID] = []  # noqa: RUF012 - of this test

        async def publish(self, references: Any) -> None:
            self.kept += [each.delivery_id for each in references]

    made = {await happened(database, number) for number in range(5)}
    keeper: Any = Keeper()
    while await relay.publish_due(system, keeper, batch=2):
        pass
    assert set(keeper.kept) == made
    assert len(keeper.kept) == 5


async def test_a_broker_that_is_down_loses_nothing(database: Database, system: Database) -> None:
    class Down:
        async def publish(self, _references: Any) -> None:
            raise ConnectionError

    delivery = await happened(database)
    down: Any = Down()
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is called, nothing was sent
        await relay.publish_due(system, down)
    assert (await state_of(system, delivery))[0] == "new"


async def test_a_message_that_nobody_claims_is_sent_again(
    database: Database, system: Database
) -> None:
    class Lost:
        async def publish(self, _references: Any) -> None:
            """The broker's disk was wiped."""

    delivery = await happened(database)
    lost: Any = Lost()
    await relay.publish_due(system, lost)
    assert (await state_of(system, delivery))[0] == "sent"
    await make_due(system)
    assert await relay.sweep(system) == 1
    assert (await state_of(system, delivery))[0] == "new"


async def test_ids_rise_with_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert ids == sorted(ids)
