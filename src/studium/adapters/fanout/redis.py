"""Fan-out on Redis or Valkey pub/sub: one connection per listener, topics come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

log = structlog.get_logger()

PREFIX = "fanout:"
_KEEP = f"{PREFIX}-"
"""A topic nobody publishes to: a connection without any topic is none that can be read."""
CONFIRM_SECONDS, CANCEL_AGAIN_SECONDS = 5, 0.1
OnMessage = Callable[[str, bytes], Awaitable[None]]


class RedisFanOut:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, health_check_interval=15, socket_connect_timeout=2)

    async def publish(self, topic: str, message: bytes) -> None:
        """A message that cannot be sent is lost, as one that nobody listens to."""
        try:
            await self._redis.publish(PREFIX + topic, message)
        except (RedisError, OSError) as error:
            log.warning("fanout.down", error=str(error))

    @asynccontextmanager
    async def listen(self, on_message: OnMessage) -> AsyncIterator["RedisSubscription"]:
        subscription = RedisSubscription(self._redis, on_message)
        reading = asyncio.create_task(subscription.read())
        try:
            yield subscription
        finally:
            while not reading.done():  # Python 3.11's wait_for inside redis-py may lose a cancel
                reading.cancel()
                await asyncio.wait({reading}, timeout=CANCEL_AGAIN_SECONDS)

    async def close(self) -> None:
        await self._redis.aclose()


class RedisSubscription:
    def __init__(self, redis: Redis, on_message: OnMessage) -> None:
        self._redis = redis
        self._on_message = on_message
        self._confirmed: dict[str, asyncio.Event] = {}
        self._pubsub: PubSub | None = None

    async def add(self, topic: str) -> None:
        """Returns once the engine has confirmed; after an outage that is when it is back."""
        confirmed = self._confirmed.setdefault(PREFIX + topic, asyncio.Event())
        if self._pubsub:
            with suppress(RedisError, OSError):  # the reader subscribes again to all it knows
                await self._pubsub.subscribe(PREFIX + topic)
        with suppress(TimeoutError):
            await asyncio.wait_for(confirmed.wait(), CONFIRM_SECONDS)

    async def remove(self, topic: str) -> None:
        self._confirmed.pop(PREFIX + topic, None)
        if self._pubsub:
            with suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(PREFIX + topic)

    async def read(self) -> None:
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
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
        await pubsub.subscribe(_KEEP)
        # From here on `add` subscribes by itself; what came while connecting follows now.
        self._pubsub = pubsub
        if self._confirmed:
            await pubsub.subscribe(*self._confirmed)

    async def _handle(self, message: dict[str, Any]) -> None:
        topic = bytes(message["channel"] or b"").decode()
        if message["type"] == "subscribe" and topic in self._confirmed:
            self._confirmed[topic].set()
        elif message["type"] == "message":
            try:
                await self._on_message(topic.removeprefix(PREFIX), bytes(message["data"]))
            except Exception:
                log.exception("fanout.listener_failed", topic=topic)
