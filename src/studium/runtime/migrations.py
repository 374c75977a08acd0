"""Brings a store to the newest revision; safe to call from many processes at once."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import studium

Store = Literal["users", "courses"]
_LOCK = 0x57D1  # any number: it names our advisory lock


def scripts(store: str) -> Path:
    """In a checkout the folder stands beside `src`, in an installed package inside it."""
    package = Path(studium.__file__).parent
    inside = package / "migrations" / store
    return inside if inside.is_dir() else package.parents[1] / "migrations" / store


def revisions(store: str) -> set[str]:
    """Those that this version knows; none where it does not know the store."""
    folder = scripts(store)
    if not folder.is_dir():
        return set()
    return {each.revision for each in ScriptDirectory(str(folder)).walk_revisions()}


async def migrate(store: Store, owner_url: str) -> None:
    """`owner_url`: the role that owns the tables."""
    engine = create_async_engine(owner_url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade, store)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts(store)))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
