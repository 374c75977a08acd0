"""Transactions. This is the only place that commits.

A request or a delivery is one transaction. It starts by telling PostgreSQL what row-level security
may show it; where nothing is told, no row is seen.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from studium.core.errors import EngineUnavailableError
from studium.core.identity import Principal
from studium.runtime import telemetry

Subscriptions = Mapping[str, frozenset[str]]
"""Event type → the groups that handle it."""
Forget = Callable[..., Awaitable[None]]
"""`(*keys)`: drops what the cache holds of what has changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a transaction may see. Each field opens the rows that carry the same value."""

    organisations: tuple[UUID, ...] = ()
    account_id: UUID | None = None
    email: str | None = None
    """Log-in looks an account up before it knows who it is."""
    invitation: str | None = None
    """Whoever holds a code may read that invitation."""
    delivery_id: UUID | None = None
    """A worker learns a delivery's organisation from the delivery."""

    def variables(self) -> dict[str, str]:
        return {
            "organisations": "{" + ",".join(map(str, self.organisations)) + "}",
            "account": str(self.account_id or ""),
            "email": self.email or "",
            "invitation": self.invitation or "",
            "delivery": str(self.delivery_id or ""),
        }


def scope_of(principal: Principal) -> Scope:
    return Scope(tuple(principal.organisations), principal.account_id)


# One round trip; `true` ends the setting with the transaction, so a pooled connection keeps none.
_ENTER = text(
    "SELECT set_config('app.organisations', :organisations, true),"
    " set_config('app.account', :account, true), set_config('app.email', :email, true),"
    " set_config('app.invitation', :invitation, true),"
    " set_config('app.delivery', :delivery, true)"
)


@dataclass(frozen=True, slots=True)
class Database:
    engine: AsyncEngine
    subscriptions: Subscriptions = field(default_factory=dict)
    forget: Forget | None = None

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends well, rolls back when it raises.

        Raises `EngineUnavailableError` when the database cannot be reached, went away, takes no
        changes, or has no connection free for as long as the pool waits.
        """
        session = AsyncSession(self.engine, expire_on_commit=False)
        session.info["subscriptions"] = self.subscriptions
        session.info["after_commit"] = []
        session.info["outdated"] = set()
        telemetry.transaction(self.engine.url.database or "")
        try:
            async with session, session.begin():
                await session.execute(_ENTER, scope.variables())
                yield session
            if self.forget and session.info["outdated"]:
                await self.forget(*session.info["outdated"])
            for errand in session.info["after_commit"]:
                await errand()
        except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
            raise unreachable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_unable(error):
                raise unreachable(error) from error
            raise

    async def ping(self) -> None:
        async with self.transaction(Scope()):
            pass

    async def close(self) -> None:
        await self.engine.dispose()


async def act_as(session: AsyncSession, account_id: UUID) -> None:
    """Lets the rest of the transaction see and write the rows of this account."""
    await session.execute(
        text("SELECT set_config('app.account', :account, true)"), {"account": str(account_id)}
    )


def after_commit(session: AsyncSession, errand: Callable[[], Awaitable[object]]) -> None:
    """Runs the errand once the transaction has committed. A crash in between loses it, so it may
    only drop a cached value or tell who listens now; what must happen is an event.
    """
    session.info["after_commit"].append(errand)


def outdated(session: AsyncSession, *keys: str) -> None:
    """What this transaction changes is cached under these keys (`runtime.caching`): it is dropped
    once the transaction has committed, and before anybody is told.
    """
    session.info["outdated"].update(keys)


ANSWER_SECONDS = 30
"""A statement that takes longer is given up: an answer that the network swallows never comes."""
UNABLE = ("08", "25006", "53", "57P", "58")
"""SQLSTATEs (PostgreSQL, appendix A), by how they begin: no connection, read-only, no room (disk,
memory, connections), stopped by an operator, the disk itself."""


def _is_unable(error: DBAPIError) -> bool:
    """The database is there and cannot: time may mend it, nobody's request is to blame."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(UNABLE)


def unreachable(error: Exception) -> EngineUnavailableError:
    return EngineUnavailableError(
        "The database cannot be reached, or takes no changes now. Nothing was changed; try again in"
        " a moment.",
        cause=type(error).__name__,
    )


def open_database(
    url: str, subscriptions: Subscriptions | None = None, forget: Forget | None = None
) -> Database:
    """`url`: `postgresql+asyncpg://role:password@host:port/database`."""
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        pool_recycle=1800,
        hide_parameters=True,  # an error ends up in a log
        connect_args={
            "timeout": 5,
            "command_timeout": ANSWER_SECONDS,
            "server_settings": {"application_name": "studium"},
        },
    )
    return Database(engine, subscriptions or {}, forget)
