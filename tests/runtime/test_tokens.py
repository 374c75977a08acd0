"""Which access tokens are believed."""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from studium.core.identity import Principal, Role
from studium.runtime.tokens import SigningKey, UnauthenticatedError, Verifier, open_signing_key


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return open_signing_key(tmp_path_factory.mktemp("key") / "secrets" / "key.pem")


@pytest.fixture
def verifier(key: SigningKey) -> Verifier:
    return Verifier({key.public.id: key.public})


def forged(
    key: SigningKey,
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    secret: Any = None,
    algorithm: str = "ES256",
) -> str:
    """A good token but for what is changed; a claim that is None is left out."""
    good = {
        "iss": "studium",
        "aud": "studium",
        "sub": str(uuid4()),
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
        "orgs": {},
        **(claims or {}),
    }
    told = {name: value for name, value in good.items() if value is not None}
    headers = {"kid": key.public.id, "typ": "at+jwt", **(header or {})}
    return jwt.encode(told, key.private if secret is None else secret, algorithm, headers=headers)


def test_what_is_signed_is_believed(key: SigningKey, verifier: Verifier) -> None:
    principal = Principal(uuid4(), {uuid4(): Role.TEACHER})
    assert verifier.principal(key.sign(principal)) == principal
    assert verifier.principal(forged(key))


@pytest.mark.parametrize(
    "change",
    [
        {"claims": {"exp": 1}},
        {"claims": {"exp": None}},
        {"claims": {"nbf": 2**40}},
        {"claims": {"iss": "somebody else"}},
        {"claims": {"iss": None}},
        {"claims": {"aud": "another service"}},
        {"claims": {"aud": None}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "refresh+jwt"}},
        {"header": {"kid": "another"}},
        {"header": {"kid": ""}},
        {"secret": ec.generate_private_key(ec.SECP256R1())},
    ],
    ids=str,
)
def test_what_is_not_ours_for_now_and_for_this_is_refused(
    key: SigningKey, verifier: Verifier, change: dict[str, Any]
) -> None:
    with pytest.raises(UnauthenticatedError):
        verifier.principal(forged(key, **change))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_another_algorithm_is_refused(key: SigningKey, verifier: Verifier, algorithm: str) -> None:
    """Neither no signature, nor our public key as a secret that everybody knows."""
    secret = "" if algorithm == "none" else key.public.id * 4
    with pytest.raises(UnauthenticatedError):
        verifier.principal(forged(key, secret=secret, algorithm=algorithm))


def test_a_key_that_the_token_brings_along_is_not_used(key: SigningKey, verifier: Verifier) -> None:
    strange = ec.generate_private_key(ec.SECP256R1())
    own = jwt.algorithms.ECAlgorithm.to_jwk(strange.public_key(), as_dict=True)
    for header in ({"jwk": own}, {"jku": "http://127.0.0.1/keys"}, {"x5u": "http://127.0.0.1/x"}):
        with pytest.raises(UnauthenticatedError):
            verifier.principal(forged(key, header=header, secret=strange))


def test_a_token_that_was_good_is_not_believed_for_longer(
    key: SigningKey, verifier: Verifier
) -> None:
    ended = int(time.time()) - 60
    token = forged(key, {"exp": ended})
    verifier.remembered[token] = (float(ended), Principal(uuid4(), {}))
    with pytest.raises(UnauthenticatedError):
        verifier.principal(token)


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key.pem"
    open_signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
