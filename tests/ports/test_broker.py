"""What Studium needs of a broker, whichever it is. `brokers.py` lists the engines."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from studium.adapters.broker import open_broker
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Broker, Reference
from tests.ports.brokers import BROKERS, BrokerEngine

PATIENCE = 30
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=BROKERS)
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrokerEngine]:
    async with BROKERS[request.param](tmp_path_factory.mktemp("broker")) as engine:
        yield engine


@pytest.fixture
async def broker(engine: BrokerEngine) -> AsyncIterator[Broker]:
    opened = open_broker(engine.url)
    yield opened
    await opened.close()


class Taker:
    """A `take` that remembers what it got and, while the gate is closed, does not return."""

    def __init__(self, *, busy: bool = False) -> None:
        self.started: list[UUID] = []
        self.ended: list[UUID] = []
        self.gate = asyncio.Event()
        if not busy:
            self.gate.set()

    async def __call__(self, reference: Reference) -> None:
        self.started.append(reference.delivery_id)
        await self.gate.wait()
        self.ended.append(reference.delivery_id)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what changes has no event of its own
            await asyncio.sleep(0.01)


async def eventually_waiting(broker: Broker, group: str, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await broker.waiting(group) != number:  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.01)


async def publish(broker: Broker, group: str, number: int) -> list[UUID]:
    ids = [uuid4() for _ in range(number)]
    await broker.publish([Reference(each, group) for each in ids])
    return ids


async def test_what_was_published_before_anybody_listened_is_taken(
    broker: Broker, group: str
) -> None:
    ids = await publish(broker, group, 3)
    taker = Taker()
    async with broker.consume(group, taker):
        await eventually(lambda: sorted(taker.ended) == sorted(ids))


async def test_consumers_share_the_messages_and_each_goes_to_one(
    broker: Broker, group: str
) -> None:
    one, other = Taker(busy=True), Taker(busy=True)
    async with broker.consume(group, one), broker.consume(group, other):
        ids = await publish(broker, group, 20)
        await eventually(lambda: bool(one.started and other.started))
        one.gate.set()
        other.gate.set()
        await eventually(lambda: len(one.ended) + len(other.ended) >= len(ids))
    assert sorted(one.ended + other.ended) == sorted(ids)


async def test_a_group_hears_nothing_of_another(broker: Broker, group: str) -> None:
    taker = Taker()
    async with broker.consume(group, taker):
        await publish(broker, f"{group}-other", 1)
        ids = await publish(broker, group, 1)
        await eventually(lambda: bool(taker.ended))
    assert taker.ended == ids


async def test_a_slow_take_holds_its_consumer_and_nobody_else(broker: Broker, group: str) -> None:
    slow, free = Taker(busy=True), Taker()
    async with broker.consume(group, slow):
        first = await publish(broker, group, 1)
        await eventually(lambda: slow.started == first)
        async with broker.consume(group, free):
            rest = await publish(broker, group, 5)
            await eventually(lambda: sorted(free.ended) == sorted(rest))
        assert slow.started == first
        slow.gate.set()


async def test_a_take_that_raises_does_not_block_its_neighbours(broker: Broker, group: str) -> None:
    taken: list[UUID] = []

    async def take(reference: Reference) -> None:
        taken.append(reference.delivery_id)
        if reference.delivery_id == poison:
            raise RuntimeError("poison")

    ids = await publish(broker, group, 5)
    poison = ids[1]
    async with broker.consume(group, take):
        await eventually(lambda: set(taken) == set(ids))


async def test_waiting_counts_what_nobody_has_taken(broker: Broker, group: str) -> None:
    assert await broker.waiting(group) == 0
    await publish(broker, group, 3)
    await publish(broker, f"{group}-other", 7)
    assert await broker.waiting(group) == 3

    taker = Taker(busy=True)
    async with broker.consume(group, taker):
        await eventually(lambda: len(taker.started) == 1)
        await eventually_waiting(broker, group, 2)
        taker.gate.set()
        await eventually_waiting(broker, group, 0)


async def test_leaving_finishes_the_take_in_hand_and_starts_no_other(
    broker: Broker, group: str
) -> None:
    leaving, next_one, leave = Taker(busy=True), Taker(), asyncio.Event()

    async def consume() -> None:
        async with broker.consume(group, leaving):
            await leave.wait()

    ids = await publish(broker, group, 2)
    consuming = asyncio.create_task(consume())
    await eventually(lambda: len(leaving.started) == 1)
    leave.set()
    await asyncio.sleep(0.05)  # the exit has begun when the take may end
    leaving.gate.set()
    await consuming
    assert leaving.ended == leaving.started
    assert len(leaving.ended) == 1

    async with broker.consume(group, next_one):
        await eventually(lambda: sorted(leaving.ended + next_one.ended) == sorted(ids))


async def test_a_killed_consumer_leaves_the_others_flowing(
    engine: BrokerEngine, broker: Broker, group: str
) -> None:
    member = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEMBER, engine.url, group, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        (held,) = await publish(broker, group, 1)
        assert member.stdout
        async with asyncio.timeout(PATIENCE):
            assert (await member.stdout.readline()).decode().strip() == str(held)
        rest = await publish(broker, group, 5)
        survivor = Taker()
        async with broker.consume(group, survivor):
            member.kill()
            await member.wait()
            rest += await publish(broker, group, 5)
            await eventually(lambda: set(rest) <= set(survivor.ended))
    finally:
        if member.returncode is None:
            member.kill()
            await member.wait()


MEMBER = """
import asyncio, sys
from studium.adapters.broker import open_broker

async def hold(reference):
    print(reference.delivery_id, flush=True)
    await asyncio.Event().wait()

async def main(url, group):
    async with open_broker(url).consume(group, hold):
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_publishing_says_so_while_the_engine_is_down_and_consumers_resume(
    engine: BrokerEngine, broker: Broker, group: str
) -> None:
    taker = Taker()
    async with broker.consume(group, taker):
        before = await publish(broker, group, 2)
        await eventually(lambda: sorted(taker.ended) == sorted(before))

        await engine.stop()
        try:
            with pytest.raises(EngineUnavailableError):
                await publish(broker, group, 1)
            with pytest.raises(EngineUnavailableError):
                await broker.ping()
            with pytest.raises(EngineUnavailableError):
                await broker.waiting(group)
        finally:
            await engine.start()

        after = await publish(broker, group, 2)
        await eventually(lambda: set(after) <= set(taker.ended))


async def test_an_emptied_engine_is_used_again_at_once(
    engine: BrokerEngine, broker: Broker, group: str
) -> None:
    taker = Taker()
    async with broker.consume(group, taker):
        before = await publish(broker, group, 1)
        await eventually(lambda: taker.ended == before)
        await engine.wipe()
        after = await publish(broker, group, 3)
        await eventually(lambda: set(after) <= set(taker.ended))


async def test_an_engine_emptied_during_a_take_is_used_again(
    engine: BrokerEngine, broker: Broker, group: str
) -> None:
    taker = Taker(busy=True)
    async with broker.consume(group, taker):
        await publish(broker, group, 1)
        await eventually(lambda: len(taker.started) == 1)
        await engine.wipe()
        taker.gate.set()
        after = await publish(broker, group, 3)
        await eventually(lambda: set(after) <= set(taker.ended))
