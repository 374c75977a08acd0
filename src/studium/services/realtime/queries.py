"""What many people missed. Row-level security shows the rows of the people asked for alone."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.services.realtime.contract import NotificationView

_HEAR = text("SELECT set_config('app.listeners', :listeners, true)")
_NEWEST = text("SELECT account_id, last FROM realtime.counters WHERE account_id = ANY(:accounts)")
# One statement is one snapshot: `last` and the rows that follow belong together.
_MISSED = text("""
SELECT asked.nr, coalesce(counted.last, 0) AS newest, missed.*
FROM unnest(CAST(:accounts AS uuid[]), CAST(:sinces AS bigint[]))
     WITH ORDINALITY AS asked (account_id, since, nr)
LEFT JOIN realtime.counters counted ON counted.account_id = asked.account_id
LEFT JOIN LATERAL (
    SELECT seq, type, course_id, material_id, title, message, created_at, read_at
    FROM realtime.notifications told
    WHERE told.account_id = asked.account_id AND told.seq > coalesce(asked.since, counted.last)
    ORDER BY told.seq LIMIT :page
) missed ON true
ORDER BY asked.nr, missed.seq
""")

Wish = tuple[UUID, int | None]
"""A person, and the last notification that they know (None: all)."""
Missed = tuple[int, list[NotificationView]]
"""The newest number, and the next ones after the one that is known, oldest first."""


async def _hear(session: AsyncSession, accounts: Sequence[UUID]) -> None:
    """Lets the rest of the transaction read what these people are told."""
    listeners = "{" + ",".join(map(str, accounts)) + "}"
    await session.execute(_HEAR, {"listeners": listeners})


async def newest(session: AsyncSession, accounts: Sequence[UUID]) -> Mapping[UUID, int]:
    await _hear(session, accounts)
    rows = await session.execute(_NEWEST, {"accounts": list(accounts)})
    return {row.account_id: row.last for row in rows}


async def missed(session: AsyncSession, wishes: Sequence[Wish], page: int) -> list[Missed]:
    """For each wish, at most `page` notifications."""
    accounts = [account for account, _ in wishes]
    await _hear(session, accounts)
    asked = {"accounts": accounts, "sinces": [since for _, since in wishes], "page": page}
    found: list[Missed] = [(0, [])] * len(wishes)
    for row in await session.execute(_MISSED, asked):
        if row.seq is None:
            found[row.nr - 1] = (row.newest, [])
        elif found[row.nr - 1][1]:
            found[row.nr - 1][1].append(NotificationView.model_validate(row))
        else:
            found[row.nr - 1] = (row.newest, [NotificationView.model_validate(row)])
    return found
