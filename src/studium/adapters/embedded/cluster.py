"""What a PostgreSQL of one machine holds from its first start: roles, databases, extensions."""

import asyncio
import shutil
from pathlib import Path

import asyncpg

from studium.adapters.embedded.processes import last_words, launch
from studium.adapters.embedded.servants import Servant
from studium.core.errors import EngineUnavailableError

SUPERUSER = "postgres"
ROLES = {
    "studium_owner": "LOGIN",
    "studium_app": "LOGIN NOBYPASSRLS",
    "studium_system": "LOGIN BYPASSRLS",
}
"""Owner: migrations. App: row-level security holds. System: relay and sweeper."""
DATABASES = ("users", "courses")


async def create(binaries: Path, folder: Path, password: str, servant: Servant | None) -> None:
    """`folder/data`, whole or not at all: initdb marks its folder as a cluster long before it is
    one, so it works beside and the result is renamed.
    """
    draft, password_file = folder / "draft", folder / "superuser"
    shutil.rmtree(draft, ignore_errors=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if servant:
        servant.own(password_file)
    try:
        await _initdb(binaries, draft, password_file, servant)
    finally:
        password_file.unlink()
    draft.rename(folder / "data")


async def _initdb(binaries: Path, data: Path, password_file: Path, servant: Servant | None) -> None:
    process = await launch(
        *(binaries / "initdb", "-D", data, "-U", SUPERUSER, "--pwfile", password_file),
        *("--auth", "scram-sha-256", "--encoding", "UTF8"),
        # PostgreSQL's own: the same order of words on every machine, whatever its C library.
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
        folder=data.parent,
        servant=servant,
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.shield(process.wait())
    if process.returncode:
        raise EngineUnavailableError(
            f"PostgreSQL cannot make its folder. {last_words(data.parent)}"
        )


async def connect(port: int, password: str, database: str = "postgres") -> "asyncpg.Connection":
    return await asyncpg.connect(
        host="127.0.0.1",
        port=port,
        user=SUPERUSER,
        password=password,
        database=database,
        ssl=False,
        timeout=5,
    )


async def prepare(port: int, passwords: dict[str, str]) -> None:
    """Whatever is there stays."""
    connection = await connect(port, passwords[SUPERUSER])
    try:
        for role, rights in ROLES.items():
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(
                    f"CREATE ROLE {role} {rights} PASSWORD '{passwords[role]}'"
                )
        for name in DATABASES:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f"CREATE DATABASE {name} OWNER studium_owner")
    finally:
        await connection.close()
    connection = await connect(port, passwords[SUPERUSER], "courses")
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    finally:
        await connection.close()
