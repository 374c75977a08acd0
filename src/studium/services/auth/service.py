"""Accounts, log-in, sessions and memberships.

| file | holds |
|---|---|
| passwords.py | Argon2id in a bounded pool |
| weak.py | passwords that are refused |
| sessions.py | rotating refresh tokens |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, StudiumError
from studium.core.identity import Principal, Role, new_id
from studium.runtime.caching import cached
from studium.runtime.database import Scope, outdated
from studium.runtime.engines import Engines
from studium.runtime.tokens import LIFETIME_SECONDS
from studium.services.auth import sessions
from studium.services.auth.contract import (
    AccessView,
    AccountView,
    Credentials,
    OrganisationView,
    PasswordChange,
    Registration,
    SessionView,
)
from studium.services.auth.models import Account, Credential, Membership, Organisation
from studium.services.auth.passwords import (
    hash_password,
    is_outdated,
    is_weak,
    password_matches,
)
from studium.services.auth.sessions import RefreshToken, SessionEndedError

log = structlog.get_logger()

MAX_MEMBERSHIPS = 50
"""They travel in every access token."""
ATTEMPTS_FROM_AN_ADDRESS, ATTEMPTS_IN_ALL = 10, 100
"""On one account. Who guesses shuts out whoever shares their address, and nobody elsewhere."""
ATTEMPTS_SECONDS = 900
_ACCOUNT = TypeAdapter(AccountView)


class EmailTakenError(StudiumError):
    kind = Kind.CONFLICT
    type = "email-taken"
    title = "There is an account with this e-mail"


class WrongCredentialsError(StudiumError):
    kind = Kind.UNAUTHENTICATED
    type = "wrong-credentials"
    title = "That did not match"


class WrongPasswordError(StudiumError):
    kind = Kind.FORBIDDEN
    type = "wrong-password"
    title = "That is not your password"


class WeakPasswordError(StudiumError):
    type = "weak-password"
    title = "This password is guessed too easily"


class TooManyAttemptsError(StudiumError):
    kind = Kind.TOO_MANY
    type = "too-many-attempts"
    title = "Too many attempts"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(ATTEMPTS_SECONDS)}


class TooManyMembershipsError(StudiumError):
    kind = Kind.CONFLICT
    type = "too-many-memberships"
    title = "You are a member of too many organisations"


@dataclass(frozen=True, slots=True)
class LogIn:
    """What a browser gets: the session to show, the refresh token to keep (None: keep yours)."""

    session: SessionView
    refresh: RefreshToken | None


async def register(engines: Engines, wish: Registration) -> LogIn:
    """Raises `EmailTakenError`, `WeakPasswordError`."""
    await _refuse_weak(wish.password, wish.email, wish.name)
    password_hash = await hash_password(wish.password)
    account_id, organisation_id = new_id(), new_id()
    scope = Scope((organisation_id,), account_id, email=wish.email)
    try:
        async with engines.users.transaction(scope) as session:
            session.add(Account(id=account_id, email=wish.email, name=wish.name))
            session.add(Organisation(id=organisation_id, name=wish.name, personal=True))
            await session.flush()
            session.add(Credential(account_id=account_id, password_hash=password_hash))
            session.add(_membership(account_id, organisation_id, Role.OWNER))
            await session.flush()
            refresh = sessions.start(session, account_id)
            account = await _account(session, account_id)
    except IntegrityError as error:
        raise EmailTakenError("Log in with it, or register with another e-mail.") from error
    log.info("auth.registered", account=str(account_id))
    return LogIn(_session(engines, account), refresh)


async def _refuse_weak(password: str, email: str, name: str) -> None:
    if why := await is_weak(password, email, name):
        raise WeakPasswordError(why)


async def log_in(engines: Engines, credentials: Credentials, address: str) -> LogIn:
    """Raises `WrongCredentialsError`, `TooManyAttemptsError`."""
    await _limit(engines, credentials.email, address)
    async with engines.users.transaction(Scope(email=credentials.email)) as session:
        known = await session.scalar(select(Account).where(Account.email == credentials.email))
    password_hash = None
    if known:
        async with engines.users.transaction(Scope(account_id=known.id)) as session:
            credential = await session.get(Credential, known.id)
            password_hash = credential.password_hash if credential else None
    if not await password_matches(credentials.password, password_hash) or known is None:
        log.warning("auth.log_in_failed", account=str(known.id) if known else None)
        raise WrongCredentialsError("E-mail or password is wrong. Check both and try again.")
    stronger = None
    if password_hash and is_outdated(password_hash):
        stronger = await hash_password(credentials.password)
    async with engines.users.transaction(Scope(account_id=known.id)) as session:
        if stronger:
            (await session.get_one(Credential, known.id)).password_hash = stronger
        refresh = sessions.start(session, known.id)
        account = await _account(session, known.id)
    log.info("auth.logged_in", account=str(known.id))
    return LogIn(_session(engines, account), refresh)


async def _limit(engines: Engines, email: str, address: str) -> None:
    count = engines.cache.count
    here = await count(f"login:{email}:{address}", ATTEMPTS_SECONDS)
    in_all = await count(f"login:{email}", ATTEMPTS_SECONDS)
    if here > ATTEMPTS_FROM_AN_ADDRESS or in_all > ATTEMPTS_IN_ALL:
        log.warning("auth.too_many_attempts", here=here, in_all=in_all)
        raise TooManyAttemptsError("Wait a quarter of an hour, then try again.")


async def change_password(
    engines: Engines, principal: Principal, wish: PasswordChange, address: str
) -> LogIn:
    """Ends every session of the account and starts this one anew.

    Raises `WrongPasswordError`, `WeakPasswordError`, `TooManyAttemptsError`.
    """
    scope = Scope(account_id=principal.account_id)
    async with engines.users.transaction(scope) as session:
        known = await _account(session, principal.account_id)
        credential = await session.get_one(Credential, principal.account_id)
    await _limit(engines, known.email, address)
    if not await password_matches(wish.current, credential.password_hash):
        log.warning("auth.password_change_refused", account=str(known.id))
        raise WrongPasswordError("Nothing was changed. Check your current password and try again.")
    await _refuse_weak(wish.new, known.email, known.name)
    fresh = await hash_password(wish.new)
    async with engines.users.transaction(scope) as session:
        (await session.get_one(Credential, known.id)).password_hash = fresh
        await sessions.end_all(session, known.id)
        refresh = sessions.start(session, known.id)
        account = await _account(session, known.id)
    log.info("auth.password_changed", account=str(known.id))
    return LogIn(_session(engines, account), refresh)


async def refresh(engines: Engines, cookie: str) -> LogIn:
    """Raises `SessionEndedError`; a token that was used before ends its whole family."""
    token = RefreshToken.decode(cookie)
    try:
        async with engines.users.transaction(Scope(account_id=token.account_id)) as session:
            fresh = await sessions.rotate(session, token)
            account = await _account(session, token.account_id)
    except SessionEndedError:
        log.warning("auth.session_refused", account=str(token.account_id))
        await log_out(engines, cookie)
        raise
    return LogIn(_session(engines, account), fresh)


async def log_out(engines: Engines, cookie: str) -> None:
    token = RefreshToken.decode(cookie)
    async with engines.users.transaction(Scope(account_id=token.account_id)) as session:
        ended = await sessions.end(session, token)
    if ended:
        log.info("auth.session_ended", account=str(token.account_id))


async def me(engines: Engines, principal: Principal) -> AccountView:
    """Through the cache. Raises `SessionEndedError` where the account is gone."""

    async def load() -> AccountView:
        scope = Scope(account_id=principal.account_id)
        async with engines.users.transaction(scope) as session:
            return await _account(session, principal.account_id)

    return await cached(engines.cache, _me_key(principal.account_id), _ACCOUNT, load)


def _me_key(account_id: UUID) -> str:
    return f"me:{account_id}"


async def _account(session: AsyncSession, account_id: UUID) -> AccountView:
    account = await session.get(Account, account_id)
    if account is None:
        raise sessions.ended()
    rows = await session.execute(
        select(Organisation.id, Organisation.name, Organisation.personal, Membership.role)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.account_id == account_id)
        .order_by(Organisation.personal.desc(), Organisation.name)
    )
    organisations = tuple(OrganisationView.model_validate(row) for row in rows)
    return AccountView(
        id=account.id, email=account.email, name=account.name, organisations=organisations
    )


def _session(engines: Engines, account: AccountView) -> SessionView:
    return SessionView(account=account, **_access(engines, account).model_dump())


def _access(engines: Engines, account: AccountView) -> AccessView:
    roles = {each.id: each.role for each in account.organisations}
    token = engines.signing_key.sign(Principal(account.id, roles))
    return AccessView(access_token=token, expires_in=LIFETIME_SECONDS)


def _membership(account_id: UUID, organisation_id: UUID, role: Role) -> Membership:
    return Membership(account_id=account_id, organisation_id=organisation_id, role=role.value)


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """`contract.Identity` where this service runs in the same process."""

    engines: Engines

    async def join(self, account_id: UUID, organisation_id: UUID, role: Role) -> AccessView:
        scope = Scope((organisation_id,), account_id)
        async with self.engines.users.transaction(scope) as session:
            # Any role that is there already is at least a student's.
            await session.execute(
                insert(Membership)
                .values(account_id=account_id, organisation_id=organisation_id, role=role.value)
                .on_conflict_do_nothing()
            )
            outdated(session, _me_key(account_id))
            account = await _account(session, account_id)
            if len(account.organisations) > MAX_MEMBERSHIPS:
                raise TooManyMembershipsError(
                    f"{MAX_MEMBERSHIPS} are possible. Leave one, then accept again."
                )
        return _access(self.engines, account)

    async def personal(self, principal: Principal) -> UUID:
        account = await me(self.engines, principal)
        return next(each.id for each in account.organisations if each.personal)

    async def names(self, organisation_id: UUID, account_ids: Sequence[UUID]) -> dict[UUID, str]:
        async with self.engines.users.transaction(Scope((organisation_id,))) as session:
            rows = await session.execute(
                select(Account.id, Account.name).where(Account.id.in_(account_ids))
            )
            return {row.id: row.name for row in rows}
