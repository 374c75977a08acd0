"""A population of Studium: accounts, schools, courses, books, notes, by COPY from a seed.

`PYTHONPATH=. python bench/population.py 1000000` writes `build/population-1000000`, a folder as
`studium up` keeps one; what is there already is used again.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bench import hundred_books
from bench.population_draw import Draw, draw
from bench.population_rows import COURSES, USERS, Row, Rows
from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home, held, resolve
from studium.commands import up
from studium.settings import Settings

BUILD = Path(__file__).parents[1] / "build"
VERSION = 1
"""Of what is written here; a folder of another is made anew."""
BOOKS = 100
LINES = 5_000
HNSW = "vectors.embeddings_256_embedding_idx"
WIDE = "passage_id, organisation_id, course_id, material_id, segment, embedding"


@asynccontextmanager
async def opened(accounts: int) -> AsyncIterator[Settings]:
    """The engines of a population, loaded and at rest."""
    folder = BUILD / f"population-{accounts}"
    loaded = folder / "loaded.json"
    if not loaded.exists() or json.loads(loaded.read_text())["version"] != VERSION:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    folder.chmod(0o711)  # PostgreSQL runs as another user under root
    home = resolve(folder)
    if home.remark:
        raise RuntimeError(home.remark)
    wished = Settings(home=folder, embedder="static:")
    async with AsyncExitStack() as stack:
        stack.enter_context(held(home, "bench/population.py"))
        settings = await stack.enter_async_context(up.embedded(wished, home))
        await up.migrate_all(settings)
        if not loaded.exists():
            await populate(settings, draw(accounts), BOOKS)
            loaded.write_text(json.dumps({"version": VERSION, "accounts": accounts}))
        yield settings


async def populate(settings: Settings, drawn: Draw, books: int) -> None:
    """Both databases of fresh engines, then VACUUM ANALYZE."""
    words = hundred_books.texts(books)
    await asyncio.gather(_users(settings, drawn), _courses(settings, drawn, books, words))


async def _users(settings: Settings, drawn: Draw) -> None:
    async with superuser(settings, "users") as connection:
        await _copy_all(connection, drawn, USERS, hundred_books.users(drawn))
        await _settle(connection)


async def _courses(settings: Settings, drawn: Draw, books: int, words: list[str]) -> None:
    async with superuser(settings, "courses") as connection:
        # A graph is built many times faster whole than vector by vector.
        definition = await connection.fetchval(f"SELECT pg_get_indexdef('{HNSW}'::regclass)")
        await connection.execute(f"DROP INDEX {HNSW}")
        await _copy_all(connection, drawn, COURSES, hundred_books.courses(drawn, books, words))
        vectors = await hundred_books.index(settings, words)
        near = hundred_books.neighbours(drawn, vectors)
        await _copy(connection, "vectors.embeddings_256", WIDE, near)
        await connection.execute("SET maintenance_work_mem = '1GB'")
        await connection.execute(definition)
        await _settle(connection)


async def _copy_all(
    connection: asyncpg.Connection,
    drawn: Draw,
    tables: Mapping[str, Rows],
    more: Mapping[str, tuple[str, Iterator[Row]]],
) -> None:
    # Foreign keys hold by how the rows are drawn; asking for each would double the time.
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for table, rows in tables.items():
        await _copy(connection, table, rows.columns, rows.of(drawn))
    for table, (columns, found) in more.items():
        await _copy(connection, table, columns, found)


async def _copy(
    connection: asyncpg.Connection, table: str, columns: str, rows: Iterator[Row]
) -> None:
    started = time.perf_counter()
    schema, name = table.split(".")
    done = await connection.copy_to_table(
        name, schema_name=schema, columns=columns.split(", "), source=_lines(rows), timeout=1200
    )
    print(f"{table:28} {done:>14}  {time.perf_counter() - started:6.1f} s", file=sys.stderr)


async def _lines(rows: Iterator[Row]) -> AsyncIterator[bytes]:
    while batch := list(islice(rows, LINES)):
        yield ("\n".join("\t".join(row) for row in batch) + "\n").encode()


async def _settle(connection: asyncpg.Connection) -> None:
    """Nothing is left for autovacuum to do while it is measured."""
    await connection.execute("VACUUM (FREEZE, ANALYZE)", timeout=1200)
    await connection.execute("CHECKPOINT")


_SESSIONS_ANEW = """
DELETE FROM refresh_families WHERE previous_hash IS NULL AND expires_at < '2099-01-01';
UPDATE refresh_families SET current_hash = previous_hash, previous_hash = NULL, revoked_at = NULL,
    expires_at = '2100-01-01'
WHERE previous_hash IS NOT NULL;
"""


async def renew(settings: Settings) -> None:
    """Undoes log-ins and refreshes of earlier runs."""
    async with superuser(settings, "users") as connection:
        await connection.execute(_SESSIONS_ANEW)
        await connection.execute("VACUUM (FREEZE, ANALYZE) refresh_families")


@asynccontextmanager
async def superuser(settings: Settings, database: str) -> AsyncIterator[asyncpg.Connection]:
    port = urlsplit(settings.courses_db).port or 0
    password = Home(settings.home).secret(cluster.SUPERUSER)
    connection = await cluster.connect(port, password, database)
    try:
        yield connection
    finally:
        await connection.close()


async def main(accounts: int) -> None:
    async with opened(accounts) as settings:
        for database in ("users", "courses"):
            async with superuser(settings, database) as connection:
                size = await connection.fetchval("SELECT pg_database_size(current_database())")
                print(f"{database}: {size / 2**20:,.0f} MiB")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
