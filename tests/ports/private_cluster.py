"""A cluster of three Valkeys of one test file, which its tests may stop, start again and empty."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis

from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import free_port
from studium.adapters.embedded.valkey import EmbeddedValkey

NODES, SLOTS = 3, 16384
PASSWORD = "of-all-nodes"
PATIENCE = 60


class _Node(EmbeddedValkey):
    """As Studium starts it, and part of a cluster."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._port, self.bus = free_port(), free_port()
        self.url = ""

    async def begin(self) -> None:
        """The same addresses each time."""
        self.url = await self.start(self._port)

    def _configure(self, path: Path, port: int) -> None:
        super()._configure(path, port)
        with path.open("a") as more:
            more.write(
                f"cluster-enabled yes\ncluster-port {self.bus}\ncluster-node-timeout 2000\n"
                "cluster-config-file nodes.conf\n"
            )


class PrivateCluster:
    def __init__(self, folder: Path) -> None:
        homes = [_home(folder / f"{n}") for n in range(NODES)]
        self._nodes = [_Node(each) for each in homes]

    @property
    def url(self) -> str:
        parts = [urlsplit(node.url) for node in self._nodes]
        hosts = ",".join(f"{each.hostname}:{each.port}" for each in parts)
        return f"redis+cluster://:{parts[0].password}@{hosts}"

    async def start(self) -> None:
        await asyncio.gather(*(node.begin() for node in self._nodes))
        async with self._clients() as clients:
            await self._joined(clients)

    async def stop(self) -> None:
        await asyncio.gather(*(node.stop() for node in self._nodes))

    async def wipe(self) -> None:
        async with self._clients() as clients:
            for client in clients:
                await client.flushall()

    @asynccontextmanager
    async def _clients(self) -> AsyncIterator[list[Redis]]:
        async with AsyncExitStack() as stack:
            opened = [Redis.from_url(node.url) for node in self._nodes]
            yield [await stack.enter_async_context(each) for each in opened]

    async def _joined(self, clients: list[Redis]) -> None:
        """All slots given out, and every node knows of all."""
        if await _is_new(clients[0]):
            for n, client in enumerate(clients):
                first, last = n * SLOTS // NODES, (n + 1) * SLOTS // NODES - 1
                await _cluster(client, "ADDSLOTSRANGE", first, last)
                other = self._nodes[(n + 1) % NODES]
                port = urlsplit(other.url).port
                await _cluster(client, "MEET", "127.0.0.1", port, other.bus)
        async with asyncio.timeout(PATIENCE):
            for client in clients:
                while not await _is_whole(client):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.1)


def _home(folder: Path) -> Home:
    """With the one password that all nodes have."""
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "valkey").write_text(PASSWORD)
    return Home(folder)


async def _is_new(client: Redis) -> bool:
    told = await _cluster(client, "INFO")
    return bool(told["cluster_slots_assigned"] == "0")


async def _is_whole(client: Redis) -> bool:
    told = await _cluster(client, "INFO")
    whole = ("ok", str(NODES))
    return (told["cluster_state"], told["cluster_known_nodes"]) == whole


async def _cluster(client: Redis, *words: object) -> Any:
    command, *arguments = words
    return await client.execute_command(f"CLUSTER {command}", *arguments)  # type: ignore[no-untyped-call]


@asynccontextmanager
async def private_cluster(folder: Path) -> AsyncIterator[PrivateCluster]:
    cluster = PrivateCluster(folder)
    await cluster.start()
    try:
        yield cluster
    finally:
        await cluster.stop()
