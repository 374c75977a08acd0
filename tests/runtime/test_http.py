"""What every answer carries: a request id and problems in one shape; tests/security/test_headers.py
asks every route for the rest.
"""

import httpx
import pytest
from fastapi import FastAPI, Request
from structlog.testing import capture_logs

from studium import bootstrap
from studium.runtime import problems
from studium.runtime.engines import Engines
from studium.runtime.http import Readiness
from studium.runtime.service import Peers
from tests.services.conftest import client_of


async def ask(app: FastAPI, path: str, **options: object) -> httpx.Response:
    async with client_of(app) as api:
        return await api.get(path, **options)  # type: ignore[arg-type]


async def test_a_request_id_is_kept_or_made(app: FastAPI) -> None:
    kept = await ask(app, "/v1/auth/me", headers={"X-Request-Id": "from-the-gateway"})
    assert kept.headers["x-request-id"] == "from-the-gateway"
    assert kept.json()["request_id"] == "from-the-gateway"
    made = await ask(app, "/v1/auth/me", headers={"X-Request-Id": "<script>"})
    assert made.headers["x-request-id"] == made.json()["request_id"] != "<script>"


async def test_what_is_no_page_may_load_nothing(app: FastAPI) -> None:
    policy = (await ask(app, "/v1/auth/me")).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert set(rules.values()) == {"'none'"}
    assert set(rules) >= {"default-src", "object-src", "base-uri", "frame-ancestors"}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND"])
async def test_a_method_that_nobody_needs_is_refused(app: FastAPI, method: str) -> None:
    async with client_of(app) as api:
        for path in ("/v1/courses", "/", "/healthz"):
            answer = await api.request(method, path, headers={"x-secret": "echo"})
            assert answer.status_code == 405, path
            assert "echo" not in answer.text


async def test_what_a_mistake_of_ours_was_is_written_down(app: FastAPI) -> None:
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    with capture_logs() as written:
        answer = await problems.unexpected(request, RuntimeError("why it broke"))
    assert answer.status_code == 500
    assert "why it broke" not in bytes(answer.body).decode()
    told = next(each for each in written if each["event"] == "http.unexpected")
    assert (told["log_level"], str(told["exc_info"])) == ("error", "why it broke")


async def test_an_unknown_address_is_a_problem(app: FastAPI) -> None:
    answer = await ask(app, "/v1/none")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "https://studium.dev/problems/not-found"


async def test_a_mistake_of_ours_tells_nothing_but_an_id(app: FastAPI) -> None:
    @app.get("/boom", include_in_schema=False)
    async def boom() -> None:
        raise RuntimeError("the password is secret")

    app.router.routes.insert(0, app.router.routes.pop())
    answer = await ask(app, "/boom")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["request_id"]


async def test_readiness_names_the_engine_that_fails() -> None:
    async def fails() -> None:
        raise ConnectionError("nobody there")

    report = await Readiness({"broker": fails}).report()
    assert report == {"broker": "ConnectionError: nobody there"}


async def test_a_load_balancer_may_ask_for_the_head_alone(engines: Engines) -> None:
    """Otherwise the web app would answer it, ready or not."""
    app = bootstrap.build_app(engines, Peers(), Readiness({}), [])
    async with client_of(app) as api:
        assert (await api.head("/readyz")).status_code == 503
        assert (await api.head("/healthz")).headers["content-type"].startswith("text/plain")
