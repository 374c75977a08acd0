"""What every answer carries, whoever asked and however it ended."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from studium import bootstrap
from studium.runtime import webapp
from studium.runtime.engines import Engines
from studium.runtime.http import create_app
from studium.runtime.http_bodies import BODY_BYTES
from studium.runtime.webapp import mount_web_app
from tests.security.matrix import COLUMNS, ROWS, Row
from tests.security.things import School, ask, furnish
from tests.services.conftest import Person, client_of

CACHED_BY_ITSELF = {"GET /v1/materials/{material_id}/file": "private, max-age=3600"}
API_POLICY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": API_POLICY,
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cache-control": "no-store",
}
"""What the product's own table must say."""


def dressed(answer: httpx.Response, *, cache: str = "no-store", policy: str = API_POLICY) -> None:
    """Fails where a header is missing, other than it should be, or there twice."""
    expected = {**HEADERS, "cache-control": cache, "content-security-policy": policy}
    for name, value in expected.items():
        assert answer.headers.get_list(name) == [value], f"{name} of {answer.status_code}"
    assert "strict-transport-security" not in answer.headers
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert "server" not in answer.headers
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        if answer.request.method != "HEAD":
            assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_every_route_dresses_every_answer(
    school: School, api: httpx.AsyncClient, row: Row
) -> None:
    """One caller for each status of the matrix."""
    ids = await furnish(school, row.state) if row.needs_things else {}
    callers = {row.expected[column]: column for column in reversed(COLUMNS)}
    for status, column in sorted(callers.items(), reverse=True):
        answer = await ask(school, api, row, column, ids)
        assert answer.status_code == status
        own = CACHED_BY_ITSELF.get(row.operation, "no-store") if answer.is_success else "no-store"
        dressed(answer, cache=own)


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/v1/nothing", {}, 404),
        ("GET", "/.well-known/nothing", {}, 404),
        ("GET", "/v1", {}, 404),
        ("PUT", "/v1/courses", {}, 405),
        ("OPTIONS", "/v1/courses", {}, 405),
        ("POST", "/", {}, 405),
        ("POST", "/v1/auth/login", {"content": b"{"}, 422),
        ("POST", "/v1/auth/login", {"json": {"email": "x", "password": "x"}}, 422),
        ("POST", "/v1/auth/login", {"content": b"x" * (BODY_BYTES + 1)}, 413),
        ("GET", "/v1/courses?limit=no", {}, 401),
    ],
)
async def test_what_is_refused_early_is_dressed_too(
    api: httpx.AsyncClient, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = await api.request(method, path, **options)
    assert answer.status_code == status
    dressed(answer)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/courses", "GET, POST"),
        ("/v1/courses/01a20fd8-a69e-71f7-a81a-ad64e5f0c69c", "DELETE, GET, PATCH"),
        ("/v1/auth/login", "POST"),
        ("/healthz", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    api: httpx.AsyncClient, path: str, allowed: str
) -> None:
    answer = await api.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@contextmanager
def broken(app: FastAPI) -> Iterator[str]:
    """A route that fails, before the web app's, which would answer first."""

    async def fail() -> None:
        raise RuntimeError("the password is secret")

    app.add_api_route("/v1/broken", fail, include_in_schema=False)
    routes = app.router.routes
    routes.insert(0, routes.pop())
    try:
        yield "/v1/broken"
    finally:
        routes.pop(0)


async def test_a_mistake_of_ours_is_dressed(app: FastAPI, api: httpx.AsyncClient) -> None:
    with broken(app) as path:
        answer = await api.get(path)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    dressed(answer)


@pytest.fixture
async def site(engines: Engines, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The API with a web app of three files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "app.js").write_text("export {}")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    app = create_app(engines, bootstrap.gather_peers(engines), [], bootstrap.readiness(engines))
    mount_web_app(app, tmp_path)
    async with client_of(app) as api:
        yield api


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("/", "no-cache"),
        ("/courses/any/page", "no-cache"),
        ("/favicon.svg", "no-cache"),
        ("/assets/app.js", webapp.FOREVER),
    ],
)
async def test_the_web_app_keeps_to_a_policy_of_its_own(
    site: httpx.AsyncClient, path: str, cache: str
) -> None:
    for answer in (await site.get(path), await site.head(path)):
        assert answer.status_code == 200
        dressed(answer, cache=cache, policy=webapp.POLICY)


@pytest.mark.parametrize("path", ["/assets/gone.js", "/gone.txt", "/..%2f..%2fetc%2fpasswd.txt"])
async def test_a_missing_file_is_a_dressed_problem(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.get(path)
    assert answer.status_code == 404
    dressed(answer)


def test_the_policy_runs_no_script_but_ours() -> None:
    rules = dict(rule.split(" ", 1) for rule in webapp.POLICY.split("; "))
    assert rules["script-src"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert not any(word in webapp.POLICY for word in ("unsafe", "http", "*"))


@pytest.mark.parametrize("https", [True, False])
async def test_only_https_promises_https(engines: Engines, https: bool) -> None:
    served = replace(
        engines, limits=replace(engines.limits, public_url="https://studium.test" if https else "")
    )
    app = bootstrap.build_app(
        served, bootstrap.gather_peers(served), bootstrap.readiness(served), ["auth"]
    )
    async with client_of(app) as api:
        for path in ("/.well-known/jwks.json", "/v1/auth/me", "/v1/nothing"):
            told = (await api.get(path)).headers.get("strict-transport-security")
            assert told == ("max-age=31536000; includeSubDomains" if https else None)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_operators_ask_is_not_kept(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


async def test_a_request_id_is_kept_where_it_is_one(api: httpx.AsyncClient, ada: Person) -> None:
    for sent, kept in (("from-the-gateway", True), ("<script>", False), ("x" * 65, False)):
        answer = await ada.api.get("/v1/auth/me", headers={"X-Request-Id": sent})
        assert (answer.headers["x-request-id"] == sent) is kept
