"""Transactions when the database has no room."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from studium.core.errors import EngineUnavailableError
from studium.runtime.database import Database, Scope
from studium.settings import Settings


async def test_no_connection_free_is_an_engine_that_cannot_answer_now(settings: Settings) -> None:
    engine = create_async_engine(settings.courses_db, pool_size=1, max_overflow=0, pool_timeout=0.1)
    database = Database(engine)
    async with database.transaction(Scope()):
        with pytest.raises(EngineUnavailableError, match="try again"):
            await database.ping()
    await database.ping()
    await database.close()
