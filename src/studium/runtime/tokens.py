"""Access tokens: ES256 JSON Web Tokens (RFC 7519, RFC 7518 section 3.4), checked by every service.

Nobody trusts a gateway's header: each process holds the public keys and looks for itself.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from studium.core.errors import Kind, StudiumError
from studium.core.identity import Principal, Role

ALGORITHM = "ES256"
ISSUER = AUDIENCE = "studium"
TYPE = "at+jwt"
"""An access token and nothing else that this key may sign some day (RFC 9068 section 2.1)."""
LIFETIME_SECONDS = 600
LEEWAY_SECONDS = 5


class InvalidError(Exception):
    """A token that is over, forged, or for something else."""


class UnauthenticatedError(StudiumError):
    kind = Kind.UNAUTHENTICATED
    type = "unauthenticated"
    title = "Please log in"


@dataclass(frozen=True, slots=True)
class PublicKey:
    id: str
    """`kid`: the start of the SHA-256 of the public key."""
    key: ec.EllipticCurvePublicKey

    def jwk(self) -> dict[str, Any]:
        """RFC 7517."""
        shape = ECAlgorithm.to_jwk(self.key, as_dict=True)
        return {**shape, "kid": self.id, "alg": ALGORITHM, "use": "sig"}

    def pem(self) -> str:
        """SubjectPublicKeyInfo (RFC 5280 section 4.1) in RFC 7468's text."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_bytes(serialization.Encoding.PEM, form).decode()


@dataclass(frozen=True, slots=True)
class SigningKey:
    private: ec.EllipticCurvePrivateKey
    public: PublicKey

    def sign(self, principal: Principal) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(principal.account_id),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "orgs": {str(id_): role.value for id_, role in principal.organisations.items()},
        }
        return self.encode(claims, TYPE)

    def encode(self, claims: dict[str, Any], kind: str) -> str:
        """`kind`: what the token is for (`typ`); one of another kind opens nothing here."""
        headers = {"kid": self.public.id, "typ": kind}
        return jwt.encode(claims, self.private, ALGORITHM, headers=headers)


def open_signing_key(path: Path) -> SigningKey:
    """Reads the PEM file, or makes it (mode 0600) where it is missing."""
    if not path.exists():
        _create(path)
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise StudiumError(f"{path} holds no elliptic-curve key; ES256 needs one on P-256.")
    return SigningKey(private, _public(private.public_key()))


def _create(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    try:
        os.link(draft, path)  # unlike a rename, it does not replace another process's key
    except FileExistsError:
        return
    finally:
        draft.unlink()


def read_public_key(path: Path) -> PublicKey:
    """From a PEM file with the public key, or with the private one. Raises `StudiumError`,
    `ValueError`.
    """
    pem = path.read_bytes()
    if b"PRIVATE KEY" in pem:
        return open_signing_key(path).public
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise StudiumError(f"{path} holds no elliptic-curve key; ES256 needs one on P-256.")
    return _public(key)


def _public(key: ec.EllipticCurvePublicKey) -> PublicKey:
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return PublicKey(digest.finalize().hex()[:16], key)


@dataclass(slots=True)
class Verifier:
    """Checks tokens and remembers the good ones until they expire: a check costs ~0.2 ms."""

    keys: dict[str, PublicKey]
    remembered: OrderedDict[str, tuple[float, Principal]] = field(default_factory=OrderedDict)
    capacity: int = 10_000

    def principal(self, token: str) -> Principal:
        """Raises `UnauthenticatedError`."""
        known = self.remembered.get(token)
        if known and known[0] > time.time():
            return known[1]
        claims = self._claims(token)
        organisations = {UUID(id_): Role(role) for id_, role in claims["orgs"].items()}
        principal = Principal(UUID(claims["sub"]), organisations)
        self.remembered[token] = (float(claims["exp"]), principal)
        if len(self.remembered) > self.capacity:
            self.remembered.popitem(last=False)
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return self.decode(token, TYPE, AUDIENCE, ("iat", "orgs"), LEEWAY_SECONDS)
        except InvalidError as error:
            raise UnauthenticatedError(
                "Your session has ended or the token is not ours. Log in again."
            ) from error

    def decode(
        self, token: str, kind: str, audience: str, claims: Sequence[str], leeway: float = 0
    ) -> dict[str, Any]:
        """What a token of ours says, signed by one of our keys whatever else its header says.

        `kind`: its `typ`; `claims`: those that it must have beside the registered ones; `leeway`:
        seconds after its end. Raises `InvalidError`.
        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != kind:
                raise InvalidError(f"not of type {kind}")
            return jwt.decode(
                token,
                self.keys[header.get("kid", "")].key,
                [ALGORITHM],
                issuer=ISSUER,
                audience=audience,
                leeway=leeway,
                options={"require": ["aud", "exp", "iss", "sub", *claims]},
            )
        except (jwt.InvalidTokenError, KeyError) as error:
            raise InvalidError(str(error)) from error
