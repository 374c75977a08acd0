"""The client of a single Redis or Valkey, or of a cluster of them."""

import asyncio
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from studium.core.nodes import is_cluster, nodes_of

CONNECTIONS = 16
"""Of one process; a call waits for a free one. A connection costs more than a hundred calls: opened
for each call of a burst they make it longer, until they time out and the cache seems down.
"""
NODE_CONNECTIONS = 256
"""Of one node of a cluster; there the client has no pool that waits."""


def open_client(url: str, timeout_seconds: float) -> "Redis | RedisCluster":
    if is_cluster(url):
        return _cluster(nodes_of(url), timeout_seconds)
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=3,
        max_connections=CONNECTIONS,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
    )
    return Redis.from_pool(pool)  # and so closes it


class _Cluster(RedisCluster):
    """One call at a time learns where the nodes are: those that come with it would be cut off."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._learning = asyncio.Lock()

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        async with self._learning:
            await self.initialize()
        return await super().execute_command(*args, **kwargs)


def _cluster(nodes: tuple[str, ...], timeout_seconds: float) -> RedisCluster:
    known = [parse_url(each) for each in nodes]
    return _Cluster(
        startup_nodes=[ClusterNode(each["host"], each.get("port", 6379)) for each in known],
        username=known[0].get("username"),
        password=known[0].get("password"),
        ssl=nodes[0].startswith("rediss:"),
        max_connections=NODE_CONNECTIONS,
        retry=Retry(NoBackoff(), 1),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
    )
