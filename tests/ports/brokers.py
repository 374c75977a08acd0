"""The engines that the broker suite runs on. Each can be stopped, started again and emptied."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from tests.ports.private_kafka import private_kafka
from tests.ports.private_rabbitmq import private_rabbitmq
from tests.ports.private_valkey import private_valkey


class BrokerEngine(Protocol):
    url: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def wipe(self) -> None:
        """Loses every message and every consumer group, as a broker replaced by an empty one."""
        ...


BROKERS: dict[str, Callable[[Path], AbstractAsyncContextManager[BrokerEngine]]] = {
    "redis-streams": private_valkey,
    "kafka": private_kafka,
    "rabbitmq": private_rabbitmq,
}
