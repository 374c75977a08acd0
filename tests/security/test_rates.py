"""How often one caller may ask: for all processes together, told in headers, refilled drop by drop.
Two applications stand for two processes: each has a connection to the cache of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request

from studium import bootstrap
from studium.adapters.cache import open_cache
from studium.core.event import now
from studium.runtime import rates
from studium.runtime.engines import Engines
from studium.runtime.http import Readiness
from studium.runtime.rates import Rates
from studium.runtime.server import bind, serve
from studium.services.auth.service import ATTEMPTS_FROM_AN_ADDRESS, ATTEMPTS_SECONDS
from studium.settings import Settings
from tests.ports.private_valkey import PrivateValkey, private_valkey
from tests.services.conftest import PASSWORD, Person, client_of
from tests.services.library.books import tiny_book

MOST = 3
MINUTE = 60
Ask = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


@dataclass(slots=True)
class Clock:
    now: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateValkey]:
    async with private_valkey(tmp_path_factory.mktemp("rates")) as valkey:
        yield valkey


def limited(engines: Engines, **limits: Any) -> Engines:
    return replace(engines, limits=replace(engines.limits, rates=Rates(**limits)))


def application(engines: Engines) -> FastAPI:
    ready = Readiness({}, open=True)
    peers = bootstrap.gather_peers(engines)
    return bootstrap.build_app(engines, peers, ready, list(bootstrap.SERVICES))


@pytest.fixture
async def processes(
    engines: Engines, valkey: PrivateValkey, clock: Clock
) -> AsyncIterator[list[httpx.AsyncClient]]:
    await valkey.wipe()
    limits = dict.fromkeys(("uploads", "searches", "events", "log_ins"), MOST) | {
        "writes": 2 * MOST
    }
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            cache = open_cache(valkey.url)
            stack.push_async_callback(cache.close)
            alone = limited(replace(engines, cache=cache), **limits, clock=clock)
            clients.append(await stack.enter_async_context(client_of(application(alone))))
        yield clients


async def write(api: httpx.AsyncClient, course: str) -> httpx.Response:
    return await api.post("/v1/courses", json={"title": "One more"})


async def upload(api: httpx.AsyncClient, course: str) -> httpx.Response:
    files = {"file": ("book.pdf", tiny_book(), "application/pdf")}
    return await api.post(f"/v1/courses/{course}/materials", files=files)


async def search(api: httpx.AsyncClient, course: str) -> httpx.Response:
    return await api.get(f"/v1/courses/{course}/search", params={"q": "memory"})


async def learn(api: httpx.AsyncClient, course: str) -> httpx.Response:
    read = {"id": str(uuid4()), "kind": "page.read", "place": 1, "material_id": str(uuid4())}
    read |= {"occurred_at": now().isoformat()}
    return await api.post("/v1/events", json={"course_id": course, "events": [read]})


async def log_in(api: httpx.AsyncClient, course: str) -> httpx.Response:
    wish = {"email": "nobody@school.test", "password": "wrong password"}
    return await api.post("/v1/auth/login", json=wish)


async def register(api: httpx.AsyncClient, course: str) -> httpx.Response:
    return await api.post("/v1/auth/register", json={"email": "no", "password": "", "name": ""})


LIMITS = [
    ("writes", write, 2 * MOST, 201),
    ("uploads", upload, MOST, 202),
    ("searches", search, MOST, 200),
    ("events", learn, MOST, 202),
    ("log-ins", log_in, MOST, 401),
    ("log-ins", register, MOST, 422),
]


def carry(processes: list[httpx.AsyncClient], person: Person) -> None:
    for api in processes:
        api.headers["Authorization"] = f"Bearer {person.token}"


async def several(
    processes: list[httpx.AsyncClient], ask: Ask, course: str, times: int
) -> list[httpx.Response]:
    """One after the other, by turns of the processes."""
    return [await ask(processes[n % len(processes)], course) for n in range(times)]


def refused(answer: httpx.Response, name: str, most: int, wait: int) -> None:
    """`most`: of this limit."""
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(wait)
    assert answer.headers["ratelimit-policy"] == f'"{name}";q={most};w={MINUTE}'
    until_full = MINUTE - MINUTE // most + wait
    assert answer.headers["ratelimit"] == f'"{name}";r=0;t={until_full}'
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    told = problem["type"].rsplit("/", 1)[1], problem["retry_after"]
    assert told == ("too-many-requests", wait)


@pytest.mark.parametrize(("name", "ask", "most", "status"), LIMITS)
async def test_a_limit_holds_across_processes_and_comes_back_drop_by_drop(
    processes: list[httpx.AsyncClient],
    clock: Clock,
    ada: Person,
    name: str,
    ask: Ask,
    most: int,
    status: int,
) -> None:
    course = (await ada.course())["id"]
    carry(processes, ada)
    answers = await several(processes, ask, course, most)
    assert {each.status_code for each in answers} <= {status, 200}
    one = MINUTE // most
    for answer in await several(processes, ask, course, 2):
        refused(answer, name, most, wait=one)
    clock.now += one - 1
    refused(await ask(processes[0], course), name, most, wait=1)
    clock.now += 1
    assert (await ask(processes[0], course)).status_code in {status, 200}
    refused(await ask(processes[1], course), name, most, wait=one)
    clock.now += MINUTE
    answers = await several(processes, ask, course, most)
    assert {each.status_code for each in answers} <= {status, 200}


async def test_what_is_left_is_told(processes: list[httpx.AsyncClient], ada: Person) -> None:
    course = (await ada.course())["id"]
    carry(processes, ada)
    told = [each.headers["ratelimit"] for each in await several(processes, search, course, MOST)]
    assert told == ['"searches";r=2;t=20', '"searches";r=1;t=40', '"searches";r=0;t=60']
    both = (await upload(processes[0], course)).headers.get_list("ratelimit", split_commas=True)
    assert both == ['"writes";r=5;t=10', '"uploads";r=2;t=20']


async def test_one_account_does_not_use_up_anothers(
    processes: list[httpx.AsyncClient], ada: Person, ben: Person
) -> None:
    course = (await ada.course())["id"]
    carry(processes, ada)
    assert (await several(processes, search, course, MOST + 1))[-1].status_code == 429
    carry(processes, ben)
    assert (await search(processes[0], (await ben.course())["id"])).status_code == 200


async def test_what_is_refused_is_not_done(processes: list[httpx.AsyncClient], ada: Person) -> None:
    carry(processes, ada)
    answers = await several(processes, write, "", 2 * MOST + 2)
    assert [each.status_code for each in answers] == [201] * 2 * MOST + [429] * 2
    assert len((await processes[0].get("/v1/courses")).json()["items"]) == 2 * MOST


async def test_reading_is_not_counted(processes: list[httpx.AsyncClient], ada: Person) -> None:
    carry(processes, ada)
    for _ in range(3 * MOST):
        answer = await processes[0].get("/v1/courses")
        assert (answer.status_code, answer.headers.get("ratelimit")) == (200, None)


async def test_while_the_cache_is_down_each_process_counts_alone(
    processes: list[httpx.AsyncClient], valkey: PrivateValkey, ada: Person
) -> None:
    course = (await ada.course())["id"]
    carry(processes, ada)
    await valkey.stop()
    try:
        for api in processes:
            answers = await several([api], search, course, MOST + 1)
            assert [each.status_code for each in answers] == [200] * MOST + [429]
    finally:
        await valkey.start()


async def test_guessing_a_password_ends_on_all_processes(
    processes: list[httpx.AsyncClient], valkey: PrivateValkey, clock: Clock, ada: Person
) -> None:
    async def guess(api: httpx.AsyncClient, course: str) -> httpx.Response:
        clock.now += 60  # another minute, so that the address is not what is counted
        wish = {"email": ada.email, "password": "wrong password"}
        return await api.post("/v1/auth/login", json=wish)

    answers = await several(processes, guess, "", ATTEMPTS_FROM_AN_ADDRESS + 1)
    assert [each.status_code for each in answers] == [401] * ATTEMPTS_FROM_AN_ADDRESS + [429]
    assert answers[-1].headers["retry-after"] == str(ATTEMPTS_SECONDS)
    clock.now += 60
    right = {"email": ada.email, "password": PASSWORD}
    assert (await processes[0].post("/v1/auth/login", json=right)).status_code == 429
    await valkey.wipe()  # what the quarter of an hour would do
    assert (await processes[1].post("/v1/auth/login", json=right)).status_code == 200


@asynccontextmanager
async def served(engines: Engines, trusted_proxies: str) -> AsyncIterator[httpx.AsyncClient]:
    bound = bind("127.0.0.1", 0)
    ready = Readiness({}, open=True)
    task = asyncio.create_task(serve(application(engines), bound, ready, 1, trusted_proxies))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}") as api:
            yield api
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bound.close()


@pytest.mark.parametrize(
    ("trusted", "statuses"),
    [
        ("127.0.0.1", [401, 401, 429]),
        ("127.0.0.0/8", [401, 401, 429]),
        ("10.0.0.1", [401, 429, 429]),
        ("", [401, 429, 429]),
    ],
)
async def test_only_a_trusted_proxy_says_who_asks(
    engines: Engines, valkey: PrivateValkey, clock: Clock, trusted: str, statuses: list[int]
) -> None:
    """Otherwise whoever invents an address for each guess is never counted."""
    await valkey.wipe()
    cache = open_cache(valkey.url)
    alone = limited(replace(engines, cache=cache), log_ins=1, clock=clock)
    async with served(alone, trusted) as api:
        answers = []
        for address in ("203.0.113.1", "203.0.113.2", "203.0.113.1"):
            api.headers["X-Forwarded-For"] = address
            answers.append((await log_in(api, "")).status_code)
    await cache.close()
    assert answers == statuses


@pytest.mark.parametrize(
    ("host", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_site_counts_as_one(host: str, counted_as: str) -> None:
    request = Request({"type": "http", "client": (host, 1), "headers": []})
    assert rates.address(request) == counted_as


def test_the_settings_say_the_limits(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, writes_per_minute=1, uploads_per_minute=2)
    told = bootstrap._rates(settings)
    assert (told.writes, told.uploads, told.searches, told.log_ins) == (1, 2, 300, 120)
