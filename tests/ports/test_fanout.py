"""What Studium needs of a fan-out: whoever listens now hears, in whichever process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from studium.adapters.fanout import open_fanout
from studium.core.ports import FanOut
from tests.ports.private_cluster import PrivateCluster, private_cluster
from tests.ports.private_valkey import PrivateValkey, private_valkey

PATIENCE = 30
Engine = PrivateValkey | PrivateCluster


@pytest.fixture(scope="module", params=[private_valkey, private_cluster])
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Engine]:
    async with request.param(tmp_path_factory.mktemp("fanout")) as engine:
        yield engine


@pytest.fixture
async def fanout(engine: Engine) -> AsyncIterator[FanOut]:
    opened = open_fanout(engine.url)
    yield opened
    await opened.close()


@pytest.fixture
def topic() -> str:
    return f"topic-{uuid4().hex}"


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    async def __call__(self, topic: str, message: bytes) -> None:
        self.heard.append((topic, message))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what changes has no event of its own
            await asyncio.sleep(0.01)


async def until_heard(fanout: FanOut, topic: str, ear: Ear) -> None:
    """Says it again and again, because what is said while nobody listens is lost."""
    async with asyncio.timeout(PATIENCE):
        while (topic, b"again") not in ear.heard:
            await fanout.publish(topic, b"again")
            await asyncio.sleep(0.05)


async def test_everybody_who_listens_hears(engine: Engine, fanout: FanOut, topic: str) -> None:
    elsewhere = open_fanout(engine.url)
    here, there = Ear(), Ear()
    async with fanout.listen(here) as one, elsewhere.listen(there) as other:
        await one.add(topic)
        await other.add(topic)
        await fanout.publish(topic, b"\x00news")
        await eventually(lambda: bool(here.heard and there.heard))
    assert here.heard == there.heard == [(topic, b"\x00news")]
    await elsewhere.close()


async def test_messages_keep_their_order(fanout: FanOut, topic: str) -> None:
    ear = Ear()
    async with fanout.listen(ear) as subscription:
        await subscription.add(topic)
        for number in range(50):
            await fanout.publish(topic, str(number).encode())
        await eventually(lambda: len(ear.heard) == 50)
    assert [int(message) for _, message in ear.heard] == list(range(50))


async def test_only_added_topics_are_heard(fanout: FanOut, topic: str) -> None:
    ear = Ear()
    async with fanout.listen(ear) as subscription:
        await subscription.add(topic)
        await fanout.publish(f"{topic}-other", b"for others")
        await fanout.publish(topic, b"for us")
        await eventually(lambda: bool(ear.heard))
    assert ear.heard == [(topic, b"for us")]


async def test_a_removed_topic_falls_silent_and_may_come_back(fanout: FanOut, topic: str) -> None:
    ear, kept = Ear(), f"{topic}-kept"
    async with fanout.listen(ear) as subscription:
        await subscription.add(kept)
        await subscription.add(topic)
        subscription.remove(topic)
        await fanout.publish(topic, b"unheard")
        await fanout.publish(kept, b"heard")
        await eventually(lambda: bool(ear.heard))
        await subscription.add(topic)
        await fanout.publish(topic, b"back")
        await eventually(lambda: len(ear.heard) == 2)
    assert ear.heard == [(kept, b"heard"), (topic, b"back")]


@pytest.mark.parametrize("steps", range(12))
async def test_a_topic_added_while_the_connection_is_made_is_heard(
    fanout: FanOut, topic: str, steps: int
) -> None:
    ear = Ear()
    async with fanout.listen(ear) as subscription:
        for _ in range(steps):
            await asyncio.sleep(0)
        await subscription.add(topic)
        await fanout.publish(topic, b"news")
        await eventually(lambda: ear.heard == [(topic, b"news")])


async def test_a_topic_that_comes_and_goes_is_confirmed_at_once(fanout: FanOut, topic: str) -> None:
    """A confirmation that is missed, or counted wrongly, would cost each `add` its time-out."""
    ear = Ear()
    async with fanout.listen(ear) as subscription, asyncio.timeout(PATIENCE):
        await subscription.add(topic)
        for steps in range(12):
            subscription.remove(topic)
            leaving = asyncio.create_task(subscription.add(topic))
            for _ in range(steps):
                await asyncio.sleep(0)
            subscription.remove(topic)
            await leaving
            await asyncio.sleep(0.02 * (steps % 2))
            await subscription.add(topic)
            await fanout.publish(topic, str(steps).encode())
            await eventually(lambda: len(ear.heard) == steps + 1)  # noqa: B023


async def test_a_thousand_topics_at_once(fanout: FanOut, topic: str) -> None:
    ear = Ear()
    topics = [f"{topic}-{number}" for number in range(1200)]
    async with fanout.listen(ear) as subscription:
        await asyncio.gather(*(subscription.add(each) for each in topics))
        for each in topics[::100]:
            await fanout.publish(each, b"news")
        await eventually(lambda: len(ear.heard) == 12)
        for each in topics:
            subscription.remove(each)
        await subscription.add(topic)
        await fanout.publish(topics[0], b"unheard")
        await fanout.publish(topic, b"heard")
        await eventually(lambda: (topic, b"heard") in ear.heard)
    assert (topics[0], b"unheard") not in ear.heard


async def test_a_listener_may_leave_at_any_moment(fanout: FanOut, topic: str) -> None:
    """Python 3.11 may lose a cancellation that comes while redis-py sends."""
    async with asyncio.timeout(PATIENCE):
        for steps in range(60):
            async with fanout.listen(Ear()):
                for _ in range(steps):
                    await asyncio.sleep(0)


async def test_a_listener_that_raises_goes_on_listening(fanout: FanOut, topic: str) -> None:
    heard: list[bytes] = []

    async def stumble(_topic: str, message: bytes) -> None:
        heard.append(message)
        if message == b"stone":
            raise RuntimeError("stumbled")

    async with fanout.listen(stumble) as subscription:
        await subscription.add(topic)
        await fanout.publish(topic, b"stone")
        await fanout.publish(topic, b"road")
        await eventually(lambda: heard == [b"stone", b"road"])


async def test_listeners_hear_again_after_an_outage(
    engine: Engine, fanout: FanOut, topic: str
) -> None:
    ear = Ear()
    async with fanout.listen(ear) as subscription:
        await subscription.add(topic)
        await engine.stop()
        try:
            await fanout.publish(topic, b"lost, and no harm")
            adding = asyncio.create_task(subscription.add(f"{topic}-new"))
        finally:
            await engine.start()
        await adding
        await until_heard(fanout, topic, ear)
        await until_heard(fanout, f"{topic}-new", ear)
    assert (topic, b"lost, and no harm") not in ear.heard
