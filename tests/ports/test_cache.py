"""What Studium needs of a cache: bytes by key, and no harm when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from structlog.testing import capture_logs

from studium.adapters.cache import open_cache, redis
from studium.adapters.cache.buckets import Bucket, Buckets
from studium.adapters.cache.clients import CONNECTIONS
from studium.adapters.cache.near import Values
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Cache, Drawn
from tests.ports.private_cluster import PrivateCluster, private_cluster
from tests.ports.private_valkey import PrivateValkey, private_valkey

PATIENCE = 30
Check = Callable[[], Awaitable[bool]]


Engine = PrivateValkey | PrivateCluster
KINDS: dict[str, tuple[Callable[[Path], AbstractAsyncContextManager[Engine]], str]] = {
    "near": (private_valkey, "key-"),
    "far": (private_valkey, "others-"),
    "cluster": (private_cluster, "key-"),
}
"""With the values in the process's own memory too, without, and on three nodes."""


@pytest.fixture(scope="module")
async def single(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateValkey]:
    async with private_valkey(tmp_path_factory.mktemp("single")) as engine:
        yield engine


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def engine(kind: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    open_engine, _ = KINDS[kind]
    async with open_engine(tmp_path_factory.mktemp("cache")) as engine:
        yield engine


@pytest.fixture
async def cache(kind: str, engine: Engine) -> AsyncIterator[Cache]:
    _, near = KINDS[kind]
    opened = open_cache(engine.url, near)
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    return f"key-{uuid4().hex}"


async def eventually(check: Check) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110 - the engine tells nobody what expires
            await asyncio.sleep(0.05)


@asynccontextmanager
async def outage(engine: Engine) -> AsyncIterator[None]:
    await engine.stop()
    try:
        yield
    finally:
        await engine.start()


@pytest.mark.parametrize("near", ["key-", "others-"])
async def test_a_burst_of_calls_shares_a_few_connections(
    single: PrivateValkey, key: str, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "TIMEOUT_SECONDS", PATIENCE)  # a busy machine is no outage
    cache = open_cache(single.url, near)
    await cache.put(key, b"value", 60)
    with capture_logs() as logs:
        got = await asyncio.gather(*(cache.get(key) for _ in range(300)))
    assert got == [b"value"] * 300
    assert logs == []
    async with Redis.from_url(single.url) as asking:
        assert (await asking.info("clients"))["connected_clients"] <= CONNECTIONS + 2
    await cache.close()


async def test_what_is_put_is_got_until_it_is_forgotten(cache: Cache, key: str) -> None:
    assert await cache.get(key) is None
    await cache.put(key, b"\x00value", 60)
    assert await cache.get(key) == b"\x00value"
    await cache.forget(key, f"{key}-other")
    assert await cache.get(key) is None


async def test_forgetting_nothing_is_fine(cache: Cache) -> None:
    await cache.forget()


async def test_a_value_expires(cache: Cache, key: str) -> None:
    await cache.put(key, b"value", 1)

    async def gone() -> bool:
        return await cache.get(key) is None

    await eventually(gone)


async def test_of_many_who_miss_a_value_one_may_fill_it_in(cache: Cache, key: str) -> None:
    claims = await asyncio.gather(*(cache.claim(key, 60) for _ in range(20)))
    (mine,) = (claim for claim in claims if claim)
    await cache.fill(key, b"another's", 60, "a claim of nobody")
    assert await cache.get(key) is None
    await cache.fill(key, b"mine", 60, mine)
    assert await cache.get(key) == b"mine"
    await cache.fill(key, b"twice", 60, mine)
    assert await cache.get(key) == b"mine"


async def test_what_was_forgotten_since_its_claim_is_not_filled_in(cache: Cache, key: str) -> None:
    old = await cache.claim(key, 60)
    assert old
    await cache.forget(key)
    new = await cache.claim(key, 60)
    assert new
    await cache.fill(key, b"from before the change", 60, old)
    assert await cache.get(key) is None
    await cache.fill(key, b"from after it", 60, new)
    assert await cache.get(key) == b"from after it"


async def test_a_claim_is_given_back_by_its_holder_only(cache: Cache, key: str) -> None:
    mine = await cache.claim(key, 60)
    assert mine
    await cache.release(key, "a claim of nobody")
    assert await cache.claim(key, 60) is None
    await cache.release(key, mine)
    assert await cache.claim(key, 60)


async def test_a_claim_whose_holder_died_runs_out(cache: Cache, key: str) -> None:
    lost = await cache.claim(key, 1)
    assert lost

    async def claimed() -> bool:
        return await cache.claim(key, 60) is not None

    await eventually(claimed)
    await cache.fill(key, b"late", 60, lost)
    assert await cache.get(key) is None


async def test_of_many_takers_one_gets_the_value(cache: Cache, key: str) -> None:
    await cache.put(key, b"ticket", 60)
    taken = await asyncio.gather(*(cache.take(key) for _ in range(20)))
    assert taken.count(b"ticket") == 1
    assert taken.count(None) == 19
    assert await cache.get(key) is None


async def test_every_count_is_one_more(cache: Cache, key: str) -> None:
    counts = await asyncio.gather(*(cache.count(key, 60) for _ in range(20)))
    assert sorted(counts) == list(range(1, 21))


async def test_a_counter_expires_after_its_first_use(cache: Cache, key: str) -> None:
    assert await cache.count(key, 1) == 1

    async def starts_again() -> bool:
        return await cache.count(key, 1) == 1

    await eventually(starts_again)


async def test_a_bucket_gives_what_it_holds_and_is_filled_drop_by_drop(
    cache: Cache, key: str
) -> None:
    async def draw(at: float) -> Drawn:
        return await cache.draw(key, 3, 60, 1_800_000_000 + at)

    drawn = await asyncio.gather(*(draw(0) for _ in range(5)))
    assert sorted(each.left for each in drawn) == [0, 0, 0, 1, 2]
    assert [each.wait for each in drawn if each.wait] == [20, 20]
    assert (await draw(19)).wait == 1
    assert await draw(20) == Drawn(left=0, wait=0, until_full=60)
    assert await draw(1000) == Drawn(left=2, wait=0, until_full=20)


@given(
    most=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=60),
)
def test_a_bucket_never_gives_more_than_it_holds_and_is_filled_with(
    most: int, pauses: list[float]
) -> None:
    buckets, bucket, now = Buckets(), Bucket.of(most, 60), 1_800_000_000.0
    given_at: list[float] = []
    for pause in pauses:
        now += pause
        if not buckets.draw("caller", bucket, now).wait:
            given_at.append(now)
    for first, started in enumerate(given_at):
        for last, ended in enumerate(given_at[first:], start=first):
            assert last - first + 1 <= most + (ended - started) * most / 60 + 1e-3


async def test_two_processes_share_values_and_counters(
    engine: Engine, cache: Cache, key: str
) -> None:
    other = open_cache(engine.url)
    await cache.put(key, b"value", 60)
    assert await other.get(key) == b"value"
    assert [await cache.count(f"{key}-n", 60), await other.count(f"{key}-n", 60)] == [1, 2]
    await other.close()


async def asked(single: PrivateValkey) -> int:
    """How often the engine was asked for a value."""
    async with Redis.from_url(single.url) as client:
        return int((await client.info("commandstats")).get("cmdstat_get", {"calls": 0})["calls"])


@pytest.fixture
async def near(single: PrivateValkey, key: str) -> AsyncIterator[Cache]:
    """It hears what changes: a value that was got is there without asking."""
    opened = open_cache(single.url, near="key-")
    await opened.put(key, b"value", 60)

    async def is_near() -> bool:
        before = await asked(single)
        await opened.get(key)
        return await asked(single) == before

    await eventually(is_near)
    yield opened
    await opened.close()


async def test_what_is_near_costs_the_engine_nothing(
    single: PrivateValkey, near: Cache, key: str
) -> None:
    before = await asked(single)
    assert {await near.get(key) for _ in range(100)} == {b"value"}
    assert await asked(single) == before


@pytest.mark.parametrize("change", ["put", "forget", "take", "wipe"])
async def test_what_another_process_changes_is_near_no_more(
    single: PrivateValkey, near: Cache, key: str, change: str
) -> None:
    other = open_cache(single.url)
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "put": lambda: other.put(key, b"new", 60),
        "forget": lambda: other.forget(key),
        "take": lambda: other.take(key),
        "wipe": single.wipe,
    }
    await changes[change]()

    async def seen() -> bool:
        return await near.get(key) == (b"new" if change == "put" else None)

    await eventually(seen)
    await other.close()


async def test_nothing_is_near_that_cannot_be_taken_back(
    single: PrivateValkey, near: Cache, key: str
) -> None:
    async with outage(single):

        async def gone() -> bool:
            return await near.get(key) is None

        await eventually(gone)


async def test_a_value_that_was_dropped_while_it_came_is_not_kept() -> None:
    values = Values()

    async def overtaken() -> bytes:
        values.drop("key")
        return b"old"

    assert await values.load("key", overtaken) == b"old"
    assert values.find("key") is None


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60)), max_size=60))
async def test_what_is_near_has_an_end(puts: list[tuple[str, int]]) -> None:
    values = Values(most_bytes=400)
    for key, size in puts:
        await values.load(key, partial(given_bytes, size))
        assert values._bytes == sum(map(len, values._kept.values())) <= 400


async def given_bytes(size: int) -> bytes:
    return bytes(size)


async def test_without_its_engine_it_is_an_empty_cache(
    engine: Engine, cache: Cache, key: str
) -> None:
    await cache.put(key, b"value", 60)
    async with outage(engine):
        assert await cache.get(key) is None
        assert await cache.take(key) is None
        await cache.put(key, b"other", 60)
        await cache.forget(key)
        with pytest.raises(EngineUnavailableError):
            await cache.ping()


async def test_without_its_engine_it_counts_by_itself(
    engine: Engine, cache: Cache, key: str
) -> None:
    async with outage(engine):
        assert [await cache.count(key, 60) for _ in range(3)] == [1, 2, 3]
        assert await cache.count(f"{key}-other", 60) == 1
        drawn = [await cache.draw(key, 2, 60, 1_800_000_000) for _ in range(3)]
        assert [(each.left, each.wait) for each in drawn] == [(1, 0), (0, 0), (0, 30)]


async def test_it_recovers_with_its_engine(engine: Engine, cache: Cache, key: str) -> None:
    async with outage(engine):
        assert await cache.get(key) is None

    async def kept() -> bool:
        await cache.put(key, b"value", 60)
        return await cache.get(key) == b"value"

    await eventually(kept)
    await cache.ping()


async def test_one_outage_is_one_warning(engine: Engine, key: str) -> None:
    cache = open_cache(engine.url)
    with capture_logs() as logs:
        async with outage(engine):
            await asyncio.gather(*(cache.get(f"{key}-{n}") for n in range(10)))
            await cache.count(key, 60)

        async def back() -> bool:
            await cache.get(key)
            return any(entry["event"] == "cache.back" for entry in logs)

        await eventually(back)
    assert [entry["event"] for entry in logs] == ["cache.down", "cache.back"]
    await cache.close()


async def test_a_frozen_engine_is_not_asked_again_by_every_call(key: str) -> None:
    asked = 0

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await closing.wait()
        writer.close()

    closing = asyncio.Event()
    frozen = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    cache = open_cache(f"redis://127.0.0.1:{frozen.sockets[0].getsockname()[1]}/0")
    for _ in range(100):
        assert await cache.get(key) is None
    assert asked == 1
    closing.set()
    await cache.close()
    frozen.close()
