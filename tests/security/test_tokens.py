"""Access tokens that are not ours, not any more or not quite: 401, and never a mistake of ours."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from studium import bootstrap
from studium.runtime.engines import Engines
from studium.runtime.tokens import ALGORITHM, ISSUER, TYPE, SigningKey, Verifier
from tests.services.conftest import Person, client_of

ME = "/v1/auth/me"
Claims = dict[str, Any]


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(key: SigningKey, claims: Claims, **headers: Any) -> str:
    head = {"kid": key.public.id, "typ": TYPE, **headers}
    return jwt.encode(claims, key.private, ALGORITHM, headers=head)


def without_algorithm(key: SigningKey, claims: Claims) -> str:
    return f"{part({'alg': 'none', 'typ': TYPE, 'kid': key.public.id})}.{part(claims)}."


def with_the_public_key_as_secret(key: SigningKey, claims: Claims) -> str:
    """RFC 8725 section 2.1: HMAC keyed with what everybody may read."""
    pem = key.public.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{part({'alg': 'HS256', 'typ': TYPE, 'kid': key.public.id})}.{part(claims)}"
    mac = jwt.get_algorithm_by_name("HS256").sign(head.encode(), pem)
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_another_key(key: SigningKey, claims: Claims) -> str:
    other = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims, other, ALGORITHM, headers={"kid": key.public.id, "typ": TYPE})


def of_another_person(key: SigningKey, claims: Claims) -> str:
    head, _, signature = signed(key, claims).split(".")
    return f"{head}.{part({**claims, 'sub': str(uuid4())})}.{signature}"


def of_a_higher_role(key: SigningKey, claims: Claims) -> str:
    head, _, signature = signed(key, claims).split(".")
    return f"{head}.{part({**claims, 'orgs': {str(uuid4()): 'owner'}})}.{signature}"


def without_signature(key: SigningKey, claims: Claims) -> str:
    return signed(key, claims).rpartition(".")[0] + "."


def of_an_unknown_key(key: SigningKey, claims: Claims) -> str:
    return signed(key, claims, kid="0123456789abcdef")


def that_brings_its_key(key: SigningKey, claims: Claims) -> str:
    """RFC 7515 section 4.1.3: a key inside of the token proves nothing."""
    other = ec.generate_private_key(ec.SECP256R1())
    shape = jwt.get_algorithm_by_name(ALGORITHM).to_jwk(other.public_key(), as_dict=True)
    return jwt.encode(
        claims, other, ALGORITHM, headers={"kid": key.public.id, "typ": TYPE, "jwk": shape}
    )


def of_another_issuer(key: SigningKey, claims: Claims) -> str:
    return signed(key, {**claims, "iss": "https://issuer.test"})


def for_another_audience(key: SigningKey, claims: Claims) -> str:
    return signed(key, {**claims, "aud": "another service"})


def of_another_type(key: SigningKey, claims: Claims) -> str:
    return signed(key, claims, typ="JWT")


def from_tomorrow(key: SigningKey, claims: Claims) -> str:
    later = int(time.time()) + 86_400
    return signed(key, {**claims, "iat": later, "exp": later + 600})


def that_ended(key: SigningKey, claims: Claims) -> str:
    return signed(key, {**claims, "exp": int(time.time()) - 10})


def lacking(name: str) -> Callable[[SigningKey, Claims], str]:
    def lacks(key: SigningKey, claims: Claims) -> str:
        return signed(key, {other: value for other, value in claims.items() if other != name})

    lacks.__name__ = f"without_{name}"
    return lacks


FORGERIES = [
    without_algorithm,
    with_the_public_key_as_secret,
    by_another_key,
    of_another_person,
    of_a_higher_role,
    without_signature,
    of_an_unknown_key,
    that_brings_its_key,
    of_another_issuer,
    for_another_audience,
    of_another_type,
    from_tomorrow,
    that_ended,
    *map(lacking, ("iss", "aud", "sub", "iat", "exp", "orgs")),
]


@pytest.fixture
def claims(ada: Person) -> Claims:
    read: Claims = jwt.decode(ada.token, options={"verify_signature": False})
    assert read["iss"] == ISSUER
    return read


async def me(api: httpx.AsyncClient, authorization: str | bytes) -> httpx.Response:
    api.cookies.clear()
    sent = authorization.encode() if isinstance(authorization, str) else authorization
    return await api.get(ME, headers={b"Authorization": sent})


async def test_the_same_claims_rightly_signed_are_believed(
    anonymous: httpx.AsyncClient, engines: Engines, claims: Claims
) -> None:
    token = signed(engines.signing_key, claims)
    assert (await me(anonymous, f"Bearer {token}")).status_code == 200


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
async def test_a_forged_token_is_refused(
    anonymous: httpx.AsyncClient,
    engines: Engines,
    claims: Claims,
    forge: Callable[[SigningKey, Claims], str],
) -> None:
    answer = await me(anonymous, f"Bearer {forge(engines.signing_key, claims)}")
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"Bearer", b"Bearer ", b"Bearer x", b"Bearer a.b.c", b"Bearer ..", b"Basic YTpi"),
        *(b"Token x", b"Bearer e30.e30.e30", b"Bearer \xff\xfe.x.y", b"Bearer " + b"x" * 8000),
    ],
)
async def test_what_is_no_token_is_refused(anonymous: httpx.AsyncClient, header: bytes) -> None:
    assert (await me(anonymous, header)).status_code == 401


async def test_a_token_stands_in_its_header_alone(
    anonymous: httpx.AsyncClient, ada: Person
) -> None:
    """In an address it would end up in logs, in a cookie other sites could send it."""
    for name in ("access_token", "token", "studium_refresh"):
        assert (await anonymous.get(ME, params={name: ada.token})).status_code == 401
        headers = {"cookie": f"{name}={ada.token}"}
        assert (await anonymous.get(ME, headers=headers)).status_code == 401


async def test_a_refresh_token_is_no_access_token(
    anonymous: httpx.AsyncClient, ada: Person
) -> None:
    token = ada.api.cookies["studium_refresh"]
    assert (await me(anonymous, f"Bearer {token}")).status_code == 401


async def test_tokens_end_with_their_key(engines: Engines, ada: Person) -> None:
    """A process that was started without the key believes none of its tokens."""
    later = replace(engines, verifier=Verifier({}))
    app: FastAPI = bootstrap.build_app(
        later, bootstrap.gather_peers(later), bootstrap.readiness(later), list(bootstrap.SERVICES)
    )
    async with client_of(app) as api:
        assert (await me(api, f"Bearer {ada.token}")).status_code == 401


async def test_a_remembered_token_ends_in_time(engines: Engines, claims: Claims) -> None:
    """A verifier remembers what it has checked, yet not longer than it holds."""
    verifier = Verifier(engines.verifier.keys)
    token = signed(engines.signing_key, claims)
    assert verifier.principal(token)
    ((ends, _),) = verifier.remembered.values()
    assert ends == claims["exp"]
