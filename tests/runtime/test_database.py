"""Transactions when the database has no room, or its answers do not come."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from studium.core.errors import EngineUnavailableError
from studium.runtime import database as databases
from studium.runtime.database import Database, Scope, open_database
from studium.settings import Settings
from tests.ports.proxy import proxy

PATIENCE = 60


async def test_no_connection_free_is_an_engine_that_cannot_answer_now(settings: Settings) -> None:
    engine = create_async_engine(settings.courses_db, pool_size=1, max_overflow=0, pool_timeout=0.1)
    database = Database(engine)
    async with database.transaction(Scope()):
        with pytest.raises(EngineUnavailableError, match="try again"):
            await database.ping()
    await database.ping()
    await database.close()


async def test_an_answer_that_never_comes_is_waited_for_no_longer_than_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network takes what is said and loses it; new connections get through."""
    monkeypatch.setattr(databases, "ANSWER_SECONDS", 1)
    async with proxy(settings.courses_db) as road:
        database = open_database(road.url)
        await database.ping()
        road.swallow()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(EngineUnavailableError, match="try again"):
                await database.ping()
            await database.ping()
        await database.close()
