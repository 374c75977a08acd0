"""Refresh tokens: each is used once and replaced (RFC 9700 section 4.14.2).

A used one that comes back later than the grace of two tabs means somebody else holds a copy: the
whole family ends.
"""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, StudiumError
from studium.core.event import now
from studium.core.identity import new_id
from studium.services.auth.models import RefreshFamily

IDLE, LONGEST = timedelta(days=14), timedelta(days=30)
"""Who stays away so long logs in again, and everybody after a month (NIST SP 800-63B, AAL1)."""
GRACE = timedelta(seconds=10)
_UUID_BYTES = 16


class SessionEndedError(StudiumError):
    kind = Kind.UNAUTHENTICATED
    type = "session-ended"
    title = "Your session has ended"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What the cookie carries. The account is no secret: it only says where to look."""

    account_id: UUID
    family_id: UUID
    secret: bytes

    def encode(self) -> str:
        raw = self.account_id.bytes + self.family_id.bytes + self.secret
        return urlsafe_b64encode(raw).decode()

    @classmethod
    def decode(cls, value: str) -> "RefreshToken":
        try:
            raw = urlsafe_b64decode(value.encode())
            account, family = raw[:_UUID_BYTES], raw[_UUID_BYTES : 2 * _UUID_BYTES]
            return cls(UUID(bytes=account), UUID(bytes=family), raw[2 * _UUID_BYTES :])
        except ValueError as error:
            raise ended() from error


def ended() -> SessionEndedError:
    return SessionEndedError("Log in again; what you saved is kept.")


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def start(session: AsyncSession, account_id: UUID) -> RefreshToken:
    token = RefreshToken(account_id, new_id(), secrets.token_bytes(32))
    session.add(
        RefreshFamily(
            id=token.family_id,
            account_id=account_id,
            current_hash=_digest(token.secret),
            expires_at=now() + IDLE,
        )
    )
    return token


async def rotate(session: AsyncSession, token: RefreshToken) -> RefreshToken | None:
    """The next token; None inside the grace, when another tab has just got it.

    Raises `SessionEndedError`; call `end` in a transaction of its own when `is_stolen` says so.
    """
    family = await _live(session, token)
    digest = _digest(token.secret)
    if compare_digest(digest, family.current_hash):
        fresh = RefreshToken(token.account_id, token.family_id, secrets.token_bytes(32))
        family.previous_hash, family.current_hash = digest, _digest(fresh.secret)
        family.rotated_at = now()
        family.expires_at = min(now() + IDLE, family.created_at + LONGEST)
        return fresh
    if _is(digest, family.previous_hash) and now() - family.rotated_at < GRACE:
        return None
    raise ended()


async def end(session: AsyncSession, token: RefreshToken) -> bool:
    """Ends the family, whichever of its tokens is shown; a stranger's secret ends nothing."""
    family = await session.get(RefreshFamily, token.family_id, with_for_update=True)
    digest = _digest(token.secret)
    if family and (_is(digest, family.current_hash) or _is(digest, family.previous_hash)):
        family.revoked_at = now()
        return True
    return False


async def end_all(session: AsyncSession, account_id: UUID) -> None:
    """On every device."""
    await session.execute(
        update(RefreshFamily)
        .where(RefreshFamily.account_id == account_id, RefreshFamily.revoked_at.is_(None))
        .values(revoked_at=now())
    )


async def _live(session: AsyncSession, token: RefreshToken) -> RefreshFamily:
    found = await session.execute(
        select(RefreshFamily).where(RefreshFamily.id == token.family_id).with_for_update()
    )
    family = found.scalar_one_or_none()
    if family is None or family.revoked_at or family.expires_at < now():
        raise ended()
    return family


def _is(digest: bytes, kept: bytes | None) -> bool:
    return kept is not None and compare_digest(digest, kept)
