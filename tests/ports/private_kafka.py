"""An Apache Kafka of one test file: one node in KRaft mode, which its tests may stop and empty."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from studium.adapters.broker import open_broker
from studium.adapters.embedded.processes import free_port, last_words, launch, stop
from studium.core.errors import EngineUnavailableError

JARS = Path(__file__).parents[2] / "build" / "kafka"
CLUSTER_ID = "studium-tests-kafka-00"
START_SECONDS = 60
FAST_START = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
"""


class PrivateKafka:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None
        self.address = f"127.0.0.1:{self._port}"
        self.url = f"kafka://{self.address}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _formatted(self) -> Path:
        """Storage as new: to copy it is faster than another Java process that formats it."""
        return self._folder / "formatted"

    async def format(self) -> None:
        properties = self._folder / "server.properties"
        text = PROPERTIES.format(port=self._port, controller=free_port(), data=self._data)
        properties.write_text(text)
        tool = await self._java(
            "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties
        )
        assert await tool.wait() == 0, last_words(self._folder)
        shutil.copytree(self._data, self._formatted)

    async def start(self) -> None:
        """The same address each time, as a service that comes back."""
        self._process = await self._java("kafka.Kafka", self._folder / "server.properties")
        broker = open_broker(self.url)
        async with asyncio.timeout(START_SECONDS):
            while True:
                assert self._process.returncode is None, last_words(self._folder)
                with suppress(EngineUnavailableError):
                    await broker.ping()
                    break
                await asyncio.sleep(0.1)
        await broker.close()

    async def stop(self) -> None:
        await stop(self._process, (signal.SIGTERM, signal.SIGKILL), seconds=20)

    async def wipe(self) -> None:
        """The server's disk is replaced by an empty one."""
        await stop(self._process, (signal.SIGKILL,), seconds=20)
        shutil.rmtree(self._data)
        shutil.copytree(self._formatted, self._data)
        await self.start()

    async def _java(self, *words: str | Path) -> asyncio.subprocess.Process:
        return await launch("java", *FAST_START, "-cp", f"{JARS}/*", *words, folder=self._folder)


@asynccontextmanager
async def private_kafka(folder: Path) -> AsyncIterator[PrivateKafka]:
    if not (JARS / ".fetched").exists() or shutil.which("java") is None:
        pytest.skip("Apache Kafka is not here (make engines)")
    kafka = PrivateKafka(folder)
    await kafka.format()
    try:
        await kafka.start()
        yield kafka
    finally:
        await kafka.stop()
