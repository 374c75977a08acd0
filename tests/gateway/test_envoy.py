"""Envoy with the rendered file: who gets through, where to, and what a lost replica costs."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from websockets.asyncio.client import connect

from studium.adapters.embedded.processes import free_port
from studium.commands.gateway import Kind, render
from studium.core.identity import Principal, Role, new_id
from studium.gateway.table import Row
from studium.gateway.wishes import Wishes
from studium.runtime.tokens import open_signing_key
from tests.conftest import ROOT
from tests.gateway.gate import ROWS, Gate, gate

PATIENCE = 60
LONG_TIMEOUT = 1
"""Seconds; what lasts longer in these tests lasts twice as long."""


@pytest.fixture(scope="module")
async def through(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    wishes = Wishes(
        host="127.0.0.1",
        port=free_port(),
        admin_port=free_port(),
        timeout_seconds=LONG_TIMEOUT,
        log_ins_per_minute=20,
        check_seconds=0.25,
    )
    async with gate(tmp_path_factory.mktemp("gate"), wishes) as made:
        yield made


def test_the_committed_file_is_what_the_routes_say() -> None:
    committed = (ROOT / "deploy" / "gateway" / "envoy.yaml").read_text()
    assert committed == render(Kind.ENVOY, Wishes(), (), ())
    assert yaml.safe_load(committed)


def asked(row: Row) -> str:
    return row.path.replace("{", "").replace("}", "")


PLAIN = [row for row in ROWS if not row.websocket]


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: f"{'-'.join(row.methods)} {row.path}")
async def test_each_address_leads_to_its_service(through: Gate, row: Row) -> None:
    if row.path == "/.well-known/jwks.json":
        return  # the gateway itself got its keys there
    async with through.client() as client:
        for method in row.methods:
            answer = await client.request(method, asked(row))
            assert answer.headers["x-answered"] == f"{row.service} {method}"
            if method != "HEAD":
                assert answer.json()["authorization"] == f"Bearer {through.token}"


async def test_only_with_a_token_of_ours(through: Gate, tmp_path: Path) -> None:
    other = open_signing_key(tmp_path / "other.pem")
    forged = other.sign(Principal(new_id(), {new_id(): Role.OWNER}))
    for token in ("", forged, through.token[:-4] + "AAAA", "nonsense"):
        async with through.client(token) as client:
            for row in (each for each in ROWS if each.guarded):
                for method in row.methods:
                    answer = await client.request(method, asked(row))
                    assert answer.status_code == httpx.codes.UNAUTHORIZED, (row, method, token)
                    if method == "HEAD":
                        continue
                    problem = answer.json()
                    assert problem["type"].endswith("/unauthenticated")
                    assert problem["request_id"]


async def test_what_no_service_has_is_answered_by_one_that_says_so(through: Gate) -> None:
    async with through.client("") as client:
        assert (await client.get("/courses/of/the/web/app")).json()["service"] == "auth"
        assert (await client.get("/v1/nothing")).json()["service"] == "auth"
        # Another method of an address: its service knows which there are.
        assert (await client.patch("/v1/materials/1/file")).json()["service"] == "library"
        assert (await client.get("/metrics")).status_code == httpx.codes.NOT_FOUND


async def test_only_files_and_streams_may_take_long(through: Gate) -> None:
    slow = {"slow": 2 * LONG_TIMEOUT}
    async with through.client() as client:
        late = await client.get("/v1/courses", params=slow)
        assert late.status_code == httpx.codes.GATEWAY_TIMEOUT
        assert late.json()["type"].endswith("/no-answer")
        upload = client.post("/v1/courses/1/materials", params=slow, content=os.urandom(3 << 20))
        download = client.get("/v1/materials/1/file", params=slow)
        for answer in await asyncio.gather(upload, download):
            assert answer.is_success
    assert (await upload_of(through, 3 << 20)) == 3 << 20


async def upload_of(through: Gate, size: int) -> int:
    async with through.client() as client:
        answer = await client.post("/v1/courses/1/materials", content=bytes(size))
        return int(answer.json()["bytes"])


async def test_a_websocket_stays_open(through: Gate) -> None:
    async with connect(f"{through.url.replace('http', 'ws')}/v1/ws?ticket=1") as socket:
        for word in ("before", "after"):
            await socket.send(word)
            assert await socket.recv() == f"realtime: {word}"
            await asyncio.sleep(2 * LONG_TIMEOUT)


async def test_who_asks_for_a_session_too_often_is_told_to_wait(through: Gate) -> None:
    async with through.client("") as client:
        answers = [await client.post("/v1/auth/register") for _ in range(30)]
    refused = [each for each in answers if each.status_code == httpx.codes.TOO_MANY_REQUESTS]
    assert len(refused) == 10
    assert refused[0].json()["type"].endswith("/too-many-requests")


async def shares(through: Gate, number: int) -> Counter[int]:
    """Requests by the port of who answered; every one of them was answered well."""
    async with through.client() as client:
        answers = [await client.get("/v1/courses") for _ in range(number)]
    assert {each.status_code for each in answers} == {200}
    return Counter(each.json()["port"] for each in answers)


async def eventually_alone(through: Gate, port: int) -> None:
    """Until all is answered by the replica at this port."""
    async with asyncio.timeout(PATIENCE):
        while set(await shares(through, 10)) != {port}:
            pass  # the next ten tell


async def eventually_both(through: Gate) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(await shares(through, 10)) != len(through.echoes):
            pass  # the next ten tell


async def test_replicas_share_the_work_evenly(through: Gate) -> None:
    await eventually_both(through)
    counted = await shares(through, 400)
    assert sum(counted.values()) == 400
    assert all(180 <= number <= 220 for number in counted.values()), counted


async def test_a_killed_replica_costs_no_answer(through: Gate) -> None:
    one, other = through.echoes
    await eventually_both(through)
    async with through.client() as client:

        async def ask(method: str, number: int) -> list[int]:
            """One after the other, with the replica killed in the middle."""
            statuses = []
            for each in range(number):
                if method == "GET" and each == number // 3:
                    await one.kill()
                statuses.append((await client.request(method, "/v1/courses/1")).status_code)
            return statuses

        asking = [ask(method, 150) for method in ("GET", "GET", "DELETE", "PATCH")]
        statuses = [status for each in await asyncio.gather(*asking) for status in each]
    changes = statuses[450:]
    assert set(statuses[:450]) == {200}
    # A change that was under way when its replica died may have happened, and is not sent again.
    assert changes.count(200) >= len(changes) - 1
    await eventually_alone(through, other.ports["courses"])
    await one.start()
    await eventually_both(through)


async def test_a_replica_that_is_not_ready_is_left_alone(through: Gate) -> None:
    one, other = through.echoes
    await one.be("unready")
    await eventually_alone(through, other.ports["courses"])
    await one.be("well")
    await eventually_both(through)


async def test_a_replica_that_drops_connections_is_put_aside(through: Gate) -> None:
    """Its `/readyz` says that all is well."""
    one, _ = through.echoes
    await one.be("broken")
    ejected = r"cluster\.courses\.outlier_detection\.ejections_active"
    try:
        async with asyncio.timeout(PATIENCE):
            while await through.gauge(ejected) != 1:
                await shares(through, 10)  # asserts that each was answered by the other
    finally:
        await one.be("well")
    await eventually_both(through)


async def test_a_path_that_hides_where_it_leads_is_refused(through: Gate) -> None:
    async with through.client("") as client:
        hidden = await client.get("/v1/auth/..%2f..%2fmetrics")
    assert hidden.status_code == httpx.codes.BAD_REQUEST
