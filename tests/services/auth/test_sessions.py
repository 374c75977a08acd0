"""Registration, log-in, rotating refresh tokens."""

import dataclasses
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.runtime.http import create_app
from studium.services.auth import service, sessions
from studium.services.auth.models import RefreshFamily
from studium.services.auth.routes import COOKIE, SECURE_COOKIE, router
from tests.services.conftest import PASSWORD, Person, client_of

REFRESH = "/v1/auth/refresh"


async def test_registration_logs_in_with_a_personal_organisation(ada: Person) -> None:
    me = (await ada.api.get("/v1/auth/me")).json()
    assert me == ada.account
    assert [(each["role"], each["personal"]) for each in me["organisations"]] == [("owner", True)]


async def test_an_e_mail_is_taken_in_any_case(ada: Person, anonymous: httpx.AsyncClient) -> None:
    wish = {"email": ada.email.upper(), "password": PASSWORD, "name": "Other"}
    answer = await anonymous.post("/v1/auth/register", json=wish)
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (409, "email-taken")


@pytest.mark.parametrize(
    "wish",
    [
        {"email": "nobody", "password": PASSWORD, "name": "N"},
        {"email": "a@b.c", "password": "short", "name": "N"},
        {"email": "a@b.c", "password": PASSWORD, "name": "  "},
        {"email": "a@b.c", "password": PASSWORD},
    ],
)
async def test_bad_registrations_say_which_field(
    anonymous: httpx.AsyncClient, wish: dict[str, str]
) -> None:
    answer = await anonymous.post("/v1/auth/register", json=wish)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] in {"email", "password", "name"}


async def test_log_in_needs_the_right_password(ada: Person, anonymous: httpx.AsyncClient) -> None:
    good = {"email": ada.email, "password": PASSWORD}
    assert (await anonymous.post("/v1/auth/login", json=good)).status_code == 200
    bad = await anonymous.post("/v1/auth/login", json={**good, "password": "wrong"})
    unknown = await anonymous.post("/v1/auth/login", json={**good, "email": "no@school.test"})
    assert (bad.status_code, bad.json()["detail"]) == (401, unknown.json()["detail"])


async def test_guessing_ends_after_ten_attempts(ada: Person, anonymous: httpx.AsyncClient) -> None:
    wrong = {"email": ada.email, "password": "wrong"}
    answers = [await anonymous.post("/v1/auth/login", json=wrong) for _ in range(11)]
    assert [each.status_code for each in answers] == [401] * 10 + [429]


async def test_guessing_shuts_nobody_out_elsewhere(ada: Person, app: FastAPI) -> None:
    wrong = {"email": ada.email, "password": "wrong"}
    good = {"email": ada.email, "password": PASSWORD}
    async with client_of(app, "192.0.2.1") as guesser, client_of(app, "192.0.2.2") as home:
        answers = [await guesser.post("/v1/auth/login", json=wrong) for _ in range(11)]
        assert answers[-1].status_code == 429
        assert (await home.post("/v1/auth/login", json=good)).status_code == 200


async def test_guessing_from_everywhere_ends_too(
    ada: Person, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ATTEMPTS_IN_ALL", 3)
    wrong = {"email": ada.email, "password": "wrong"}
    statuses = []
    for number in range(4):
        async with client_of(app, f"192.0.2.{number}") as guesser:
            statuses.append((await guesser.post("/v1/auth/login", json=wrong)).status_code)
    assert statuses == [401] * 3 + [429]


async def test_logging_in_ends_the_session_that_was_there(ada: Person) -> None:
    before = ada.api.cookies[COOKIE]
    good = {"email": ada.email, "password": PASSWORD}
    assert (await ada.api.post("/v1/auth/login", json=good)).status_code == 200
    assert ada.api.cookies[COOKIE] != before
    again = await ada.api.post(REFRESH, headers={"cookie": f"{COOKIE}={before}"})
    assert again.status_code == 401


async def test_the_refresh_cookie_is_out_of_reach_of_scripts(ada: Person) -> None:
    answer = await ada.api.post(REFRESH)
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags
    assert "path=/v1/auth" in flags


async def test_a_refresh_token_is_replaced_by_its_use(ada: Person) -> None:
    before = ada.api.cookies[COOKIE]
    assert (await ada.api.post(REFRESH)).status_code == 200
    assert ada.api.cookies[COOKIE] != before


async def test_two_tabs_may_share_a_refresh(ada: Person) -> None:
    old = ada.api.cookies[COOKIE]
    await ada.api.post(REFRESH)
    second = await ada.api.post(REFRESH, headers={"cookie": f"{COOKIE}={old}"})
    assert second.status_code == 200


async def test_a_stolen_token_ends_the_family(
    ada: Person, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = ada.api.cookies[COOKIE]
    await ada.api.post(REFRESH)
    monkeypatch.setattr(sessions, "GRACE", timedelta(0))
    thief = await anonymous.post(REFRESH, headers={"cookie": f"{COOKIE}={stolen}"})
    assert thief.status_code == 401
    assert (await ada.api.post(REFRESH)).status_code == 401


async def test_log_out_ends_the_session(ada: Person) -> None:
    cookie = ada.api.cookies[COOKIE]
    assert (await ada.api.post("/v1/auth/logout")).status_code == 204
    again = await ada.api.post(REFRESH, headers={"cookie": f"{COOKIE}={cookie}"})
    assert (again.status_code, again.json()["type"].split("/")[-1]) == (401, "session-ended")


async def test_who_stays_away_logs_in_again(ada: Person, engines: Engines) -> None:
    assert timedelta(days=30) >= sessions.IDLE
    await _age(engines, ada, idle=sessions.IDLE)
    assert (await ada.api.post(REFRESH)).status_code == 401


async def test_a_session_that_is_used_ends_too(ada: Person, engines: Engines) -> None:
    assert timedelta(days=30) >= sessions.LONGEST
    await _age(engines, ada, since_log_in=sessions.LONGEST - timedelta(seconds=30))
    assert (await ada.api.post(REFRESH)).status_code == 200
    await _age(engines, ada, idle=timedelta(seconds=31))
    assert (await ada.api.post(REFRESH)).status_code == 401


async def _age(
    engines: Engines,
    person: Person,
    idle: timedelta = timedelta(0),
    since_log_in: timedelta = timedelta(0),
) -> None:
    """As if so much time had passed."""
    scope = Scope(account_id=UUID(person.account["id"]))
    async with engines.users.transaction(scope) as session:
        for family in await session.scalars(select(RefreshFamily)):
            family.created_at -= since_log_in
            family.expires_at -= idle


async def test_the_name_that_https_has_counts_nothing_without_it(ada: Person) -> None:
    """By https the cookie has another name, which browsers take from https alone."""
    cookie = ada.api.cookies[COOKIE]
    ada.api.cookies.clear()
    secure = {"cookie": f"{SECURE_COOKIE}={cookie}"}
    assert (await ada.api.post(REFRESH, headers=secure)).status_code == 401


async def test_by_https_the_cookie_is_secure_and_says_so(app: FastAPI, engines: Engines) -> None:
    limits = dataclasses.replace(engines.limits, public_url="https://studium.test")
    secured = dataclasses.replace(engines, limits=limits)
    by_https = create_app(secured, app.state.peers, [router], app.state.readiness)
    async with client_of(by_https, scheme="https") as api:
        wish = {"email": f"{uuid4()}@school.test", "password": PASSWORD, "name": "N"}
        answer = await api.post("/v1/auth/register", json=wish)
        flags = answer.headers["set-cookie"]
        assert flags.startswith("__Secure-studium_refresh=")
        assert "; Secure" in flags
        assert (await api.post(REFRESH)).status_code == 200
        left = (await api.post("/v1/auth/logout")).headers["set-cookie"]
        assert left.startswith('__Secure-studium_refresh=""')
        assert "; Secure" in left


@pytest.mark.parametrize("cookie", ["", "x", "AAAA", "é", "a" * 500])
async def test_a_broken_cookie_is_an_ended_session(
    anonymous: httpx.AsyncClient, cookie: str
) -> None:
    header = {b"cookie": f"{COOKIE}={cookie}".encode()}
    assert (await anonymous.post(REFRESH, headers=header)).status_code == 401


async def test_tokens_verify_with_the_published_key(
    ada: Person, anonymous: httpx.AsyncClient
) -> None:
    token = ada.api.headers["Authorization"].split()[1]
    keys = jwt.PyJWKSet.from_dict((await anonymous.get("/.well-known/jwks.json")).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer="studium", audience="studium")
    assert claims["sub"] == ada.account["id"]
    assert claims["exp"] - claims["iat"] <= 600


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abc"])
async def test_nobody_without_a_token(anonymous: httpx.AsyncClient, header: str) -> None:
    answer = await anonymous.get("/v1/auth/me", headers={"authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
