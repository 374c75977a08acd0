"""Fan-out on Redis or Valkey pub/sub: one connection per listener, topics come and go.

A cluster hands each message to all its nodes, so any node will do; the next when one fails.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from studium.core.nodes import nodes_of

log = structlog.get_logger()

PREFIX = "fanout:"
_KEEP = f"{PREFIX}-"
"""A topic nobody publishes to: a connection without any topic is none that can be read."""
CONFIRM_SECONDS, CANCEL_AGAIN_SECONDS = 5, 0.1
TELL_AGAIN_SECONDS = 0.5
TOGETHER = 500
"""Topics in one command."""
OnMessage = Callable[[str, bytes], Awaitable[None]]


class RedisFanOut:
    def __init__(self, url: str) -> None:
        self._nodes = [
            Redis.from_url(each, health_check_interval=15, socket_connect_timeout=2)
            for each in nodes_of(url)
        ]

    async def publish(self, topic: str, message: bytes) -> None:
        """A message that cannot be sent is lost, as one that nobody listens to."""
        for node in list(self._nodes):
            try:
                await node.publish(PREFIX + topic, message)
            except (RedisError, OSError) as error:
                log.warning("fanout.down", error=str(error))
                self._nodes.append(self._nodes.pop(self._nodes.index(node)))
            else:
                return

    @asynccontextmanager
    async def listen(self, on_message: OnMessage) -> AsyncIterator["RedisSubscription"]:
        subscription = RedisSubscription(self._nodes, on_message)
        reading = asyncio.create_task(subscription.read())
        try:
            yield subscription
        finally:
            subscription.end()
            while not reading.done():  # Python 3.11's wait_for inside redis-py may lose a cancel
                reading.cancel()
                await asyncio.wait({reading}, timeout=CANCEL_AGAIN_SECONDS)

    async def close(self) -> None:
        for node in self._nodes:
            await node.aclose()


class RedisSubscription:
    """Topics that come and go while the engine is told of others go to it together."""

    def __init__(self, nodes: Iterable[Redis], on_message: OnMessage) -> None:
        self._nodes = cycle(nodes)
        self._on_message = on_message
        self._wanted: set[str] = set()
        self._confirmed: set[str] = set()
        self._asked: Counter[str] = Counter()
        """SUBSCRIBEs of a topic that the engine has not confirmed yet."""
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._changed: set[str] = set()
        self._telling: asyncio.Task[None] | None = None
        self._pubsub: PubSub | None = None

    async def add(self, topic: str) -> None:
        """Returns once the engine has confirmed; after an outage that is when it is back."""
        name = PREFIX + topic
        if name in self._confirmed:
            return
        if name not in self._wanted:
            self._wanted.add(name)
            self._tell_soon(name)
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault(name, loop.create_future())
        await asyncio.wait({waiting}, timeout=CONFIRM_SECONDS)

    def remove(self, topic: str) -> None:
        name = PREFIX + topic
        self._wanted.discard(name)
        self._confirmed.discard(name)
        if waiting := self._waiting.pop(name, None):
            waiting.set_result(None)
        self._tell_soon(name)

    def end(self) -> None:
        if self._telling:
            self._telling.cancel()

    async def read(self) -> None:
        pause = 0.1
        while True:
            try:
                async with next(self._nodes).pubsub() as pubsub:
                    await self._subscribe(pubsub)
                    pause = 0.1
                    async for message in pubsub.listen():
                        await self._handle(message)
            except Exception as error:  # noqa: BLE001 - a reader that ends unseen hears nothing
                log.warning("fanout.reconnecting", error=str(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self._pubsub = None

    async def _subscribe(self, pubsub: PubSub) -> None:
        self._asked.clear()
        self._confirmed.clear()
        await pubsub.subscribe(_KEEP)
        # From here on topics are told as they come; what came while connecting follows now.
        self._pubsub = pubsub
        self._changed.clear()
        wanted = list(self._wanted)
        for at in range(0, len(wanted), TOGETHER):
            some = wanted[at : at + TOGETHER]
            self._asked.update(some)
            await pubsub.subscribe(*some)

    def _tell_soon(self, name: str) -> None:
        self._changed.add(name)
        if self._pubsub and self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._changed and (pubsub := self._pubsub):
            names = [self._changed.pop() for _ in range(min(TOGETHER, len(self._changed)))]
            come = [name for name in names if name in self._wanted]
            gone = [name for name in names if name not in self._wanted]
            self._asked.update(come)
            try:
                if gone:
                    await pubsub.unsubscribe(*gone)
                if come:
                    await pubsub.subscribe(*come)
            except (RedisError, OSError):
                self._asked.subtract(come)
                self._changed.update(names)
                await asyncio.sleep(TELL_AGAIN_SECONDS)
        self._telling = None

    async def _handle(self, message: dict[str, Any]) -> None:
        name = bytes(message["channel"] or b"").decode()
        if message["type"] == "subscribe":
            self._confirm(name)
        elif message["type"] == "message" and name in self._wanted:
            try:
                await self._on_message(name.removeprefix(PREFIX), bytes(message["data"]))
            except Exception:
                log.exception("fanout.listener_failed", topic=name)

    def _confirm(self, name: str) -> None:
        self._asked[name] -= 1
        if self._asked[name] > 0:
            return  # it was removed and added again: this is of an earlier time
        del self._asked[name]
        if name in self._wanted and name not in self._changed:
            self._confirmed.add(name)
            if waiting := self._waiting.pop(name, None):
                waiting.set_result(None)
