"""A RabbitMQ of one test file, beside any other of the machine, from Debian's package."""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aio_pika
import pytest

from studium.adapters.embedded.processes import free_port, last_words, stop
from studium.runtime.supervisor import die_with_parent

PROGRAMS = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"), None)
ENDINGS = (signal.SIGTERM, signal.SIGKILL)
START_SECONDS, STOP_SECONDS = 120, 30


class PrivateRabbitMQ:
    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._port, self._distribution, self._names = free_port(), free_port(), free_port()
        self._password = secrets.token_urlsafe(12)
        self._server: asyncio.subprocess.Process | None = None
        self._name_server: asyncio.subprocess.Process | None = None
        self.url = f"amqp://studium:{self._password}@127.0.0.1:{self._port}/"

    async def start(self) -> None:
        """The same address each time, as a service that comes back."""
        self._configure()
        # Left alone, the server would start one that outlives it.
        self._name_server = await self._launch(
            "epmd", "-port", str(self._names), "-address", "127.0.0.1"
        )
        self._server = await self._launch(str(self._programs / "rabbitmq-server"))
        await self._answering()

    async def stop(self) -> None:
        await stop(self._server, ENDINGS, STOP_SECONDS)
        await stop(self._name_server, ENDINGS, STOP_SECONDS)

    async def wipe(self) -> None:
        """An empty server in its place."""
        await self.stop()
        shutil.rmtree(self._folder / "data")
        await self.start()

    async def evaluate(self, expression: str) -> None:
        """Erlang, inside the server."""
        asked = await self._launch(str(self._programs / "rabbitmqctl"), "eval", expression)
        if await asked.wait():
            raise RuntimeError(last_words(self._folder))

    def _configure(self) -> None:
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._port}\n"
            f"default_user = studium\ndefault_pass = {self._password}\n"
            "log.console = true\nlog.console.level = warning\nlog.file = false\n"
        )

    async def _launch(self, *command: str) -> asyncio.subprocess.Process:
        with (self._folder / "log").open("ab") as sink:
            return await asyncio.create_subprocess_exec(
                *command,
                env=self._environment(),
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),  # of the Erlang cookie
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(self._folder),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_NODENAME": f"studium{self._port}@localhost",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ("-kernel inet_dist_use_interface {127,0,0,1}"),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, whose pid is ours
        }

    async def _answering(self) -> None:
        for _ in range(START_SECONDS * 10):
            with suppress(*aio_pika.exceptions.CONNECTION_EXCEPTIONS):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()  # aio-pika would log each vain attempt
                async with await aio_pika.connect(self.url):
                    return
            if self._server and self._server.returncode is not None:
                break
            await asyncio.sleep(0.1)
        raise RuntimeError(f"RabbitMQ does not start. {last_words(self._folder)}")


@asynccontextmanager
async def private_rabbitmq(folder: Path) -> AsyncIterator[PrivateRabbitMQ]:
    if PROGRAMS is None:
        pytest.skip("RabbitMQ is missing: sudo make engines")
    rabbitmq = PrivateRabbitMQ(folder, PROGRAMS)
    try:
        await rabbitmq.start()
        yield rabbitmq
    finally:
        await rabbitmq.stop()
