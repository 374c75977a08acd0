"""What is written down when somebody is let in or refused, and what never is (OWASP ASVS 16)."""

import dataclasses
import secrets
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from studium.runtime.engines import Engines
from studium.runtime.http import create_app
from studium.runtime.rates import Rates
from studium.services.auth.routes import router
from tests.services.conftest import PASSWORD, Person, Register, client_of

NEW = "a staple of correct batteries"


@pytest.fixture
def written() -> Any:
    """Entries as they are before the secrets are taken out: there must be none to take out."""
    with capture_logs([structlog.contextvars.merge_contextvars]) as entries:
        yield entries


def events(written: list[dict[str, Any]]) -> list[str]:
    return [each["event"] for each in written]


async def test_every_way_in_and_out_is_written_down(
    register: Register, written: list[dict[str, Any]]
) -> None:
    ada = await register("Ada")
    me = ada.account["id"]
    wish = {"email": ada.email, "password": PASSWORD}
    await ada.api.post("/v1/auth/login", json=wish)
    await ada.api.post("/v1/auth/login", json={**wish, "password": "not the one"})
    await ada.api.put("/v1/auth/password", json={"current": "not the one", "new": NEW})
    await ada.api.put("/v1/auth/password", json={"current": PASSWORD, "new": NEW})
    await ada.api.post("/v1/auth/logout")
    told = [(each["event"], each["account"]) for each in written if each["event"][:4] == "auth"]
    assert told == [
        ("auth.registered", me),
        ("auth.logged_in", me),
        ("auth.session_ended", me),
        ("auth.log_in_failed", me),
        ("auth.password_change_refused", me),
        ("auth.password_changed", me),
        ("auth.session_ended", me),
    ]
    assert all(each["request_id"] and each["client"] == "127.0.0.1" for each in written)


async def test_guessing_is_written_down(ada: Person, written: list[dict[str, Any]]) -> None:
    wrong = {"email": ada.email, "password": "not the one"}
    for _ in range(11):
        await ada.api.post("/v1/auth/login", json=wrong)
    assert events(written).count("auth.log_in_failed") == 10
    assert events(written).count("auth.too_many_attempts") == 1


async def test_a_used_refresh_token_is_written_down(
    ada: Person, written: list[dict[str, Any]]
) -> None:
    cookie = dict(ada.api.cookies)
    await ada.api.post("/v1/auth/logout")
    ada.api.cookies.update(cookie)
    await ada.api.post("/v1/auth/refresh")
    refused = next(each for each in written if each["event"] == "auth.session_refused")
    assert refused["account"] == ada.account["id"]


async def test_whoever_is_refused_is_written_down(
    ada: Person, ben: Person, anonymous: httpx.AsyncClient, written: list[dict[str, Any]]
) -> None:
    course = await ada.course()
    await ada.enrol(ben, course["id"])
    written.clear()
    await ben.api.delete(f"/v1/courses/{course['id']}")
    await ben.api.get(f"/v1/courses/{uuid4()}")
    await ben.api.post("/v1/courses", json={"title": ""})
    await anonymous.get("/v1/auth/me")
    told = [(each["status"], each["route"], each["account"]) for each in written]
    me = ben.account["id"]
    assert told == [
        (403, "/v1/courses/{course_id}", me),
        (404, "/v1/courses/{course_id}", me),
        (422, "/v1/courses", me),
        (401, "/v1/auth/me", None),
    ]
    assert written[0]["course_id"] == course["id"]
    assert written[0]["method"] == "DELETE"


async def test_whoever_asks_too_often_is_written_down(
    ada: Person, app: FastAPI, engines: Engines, written: list[dict[str, Any]]
) -> None:
    limits = dataclasses.replace(engines.limits, rates=Rates(writes=1))
    strict = dataclasses.replace(engines, limits=limits)
    async with client_of(create_app(strict, app.state.peers, [router], app.state.readiness)) as api:
        for _ in range(2):
            change = {"current": PASSWORD, "new": NEW}
            await api.put("/v1/auth/password", json=change, headers=ada.api.headers)
    assert [each["type"] for each in written if "type" in each] == ["too-many-requests"]


async def test_no_secret_is_written_down(
    register: Register, anonymous: httpx.AsyncClient, written: list[dict[str, Any]]
) -> None:
    ada = await register("Ada")
    course = await ada.course("A title that is nobody else's business")
    code = (await ada.api.post(f"/v1/courses/{course['id']}/invitations")).json()["code"]
    ticket = (await ada.api.post("/v1/realtime/ticket")).json()["ticket"]
    wrong = secrets.token_hex(8)
    await anonymous.post(f"/v1/invitations/{code}/accept")
    await anonymous.post("/v1/auth/login", json={"email": ada.email, "password": wrong})
    await ada.api.patch(f"/v1/courses/{course['id']}", json={"title": ""})
    await ada.api.get(f"/v1/courses/{course['id']}/search?q=")
    token = ada.api.headers["Authorization"].split()[1]
    cookie = next(iter(ada.api.cookies.values()))
    told = repr(written)
    for secret in (PASSWORD, wrong, code, ticket, token, cookie, ada.email, "nobody else's"):
        assert secret not in told, secret
