"""What many people missed is read together, and each gets their own."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from studium.core.errors import EngineUnavailableError
from studium.runtime.database import Database, Scope, open_database
from studium.runtime.engines import Engines
from studium.services.realtime import backlog, queries
from studium.services.realtime.backlog import Backlog
from tests.services.realtime.telling import tell


@pytest.fixture
async def people(engines: Engines) -> list[UUID]:
    """The first was told one thing, the second two, the third nothing."""
    accounts = [uuid4() for _ in range(3)]
    for told, account in enumerate(accounts[:2], start=1):
        for number in range(told):
            await tell(engines, account, f"{account} {number + 1}")
    return accounts


async def test_each_gets_their_own(engines: Engines, people: list[UUID]) -> None:
    reading = Backlog(engines.courses)
    wishes = [(account, since) for account in people for since in (None, 0, 1, 2)]
    answers = await asyncio.gather(*(reading.after(wish) for wish in wishes))
    seen = {
        wish: (newest, [each.message for each in missed])
        for wish, (newest, missed) in zip(wishes, answers, strict=True)
    }
    one, two, none = people
    assert seen[one, 0] == (1, [f"{one} 1"])
    assert seen[two, 0] == (2, [f"{two} 1", f"{two} 2"])
    assert seen[two, 1] == (2, [f"{two} 2"])
    assert seen[one, None] == seen[one, 1] == seen[one, 2] == (1, [])
    assert seen[two, None] == seen[two, 2] == (2, [])
    assert seen[none, 0] == seen[none, None] == (0, [])


async def test_a_crowd_costs_a_statement_per_hundred(engines: Engines, people: list[UUID]) -> None:
    reading, statements = Backlog(engines.courses), []

    def count(*arguments: object) -> None:
        statements.append(arguments[2])

    engine = engines.courses.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        crowd = [(uuid4(), 0) for _ in range(500)] + [(people[1], 0)] * 500
        answers = await asyncio.gather(*(reading.after(wish) for wish in crowd))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    reads = [each for each in statements if "realtime.notifications" in str(each)]
    assert len(reads) == -(-501 // backlog.AT_ONCE)
    assert [len(missed) for _, missed in answers] == [0] * 500 + [2] * 500


async def test_nobody_sees_who_was_not_asked_for(engines: Engines, people: list[UUID]) -> None:
    count = text("SELECT count(*) FROM realtime.notifications")
    async with engines.courses.transaction(Scope()) as session:
        assert await session.scalar(count) == 0
        await queries.newest(session, people[:1])
        assert await session.scalar(count) == 1
        with pytest.raises(Exception, match="row-level security"):
            await session.execute(
                text("INSERT INTO realtime.counters VALUES (:account, 9)"), {"account": people[2]}
            )


async def test_who_waits_is_told_that_the_database_is_away(settings: object) -> None:
    away: Database = open_database("postgresql+asyncpg://studium_app:x@127.0.0.1:9/courses")
    reading = Backlog(away)
    answers = await asyncio.gather(
        *(reading.after((uuid4(), 0)) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [EngineUnavailableError] * 3
    await away.close()
