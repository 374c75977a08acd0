"""Notifications: stored first, then pushed to whoever listens.

| file | holds |
|---|---|
| door.py | who may open a WebSocket |
| hub.py | the WebSockets of this process on one fan-out connection |
| connection.py | one WebSocket: gapless from `since` on |
| backlog.py | what many people missed, read in one statement |
"""

import secrets
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core import topics
from studium.core.errors import Kind, StudiumError
from studium.core.event import Event, now
from studium.core.ports import Cache, FanOut
from studium.runtime.database import act_as, after_commit
from studium.services.realtime.contract import NotificationList, NotificationView
from studium.services.realtime.models import Counter, Notification

TICKET_SECONDS = 30


class TicketEndedError(StudiumError):
    kind = Kind.UNAUTHENTICATED
    type = "ticket-ended"
    title = "This ticket was used or has expired"


async def notify(
    session: AsyncSession, fanout: FanOut, account_id: UUID, event: Event, **fields: object
) -> None:
    """Numbers and stores the notification in the caller's transaction, then tells who listens.

    `fields`: type, course_id, material_id, title, message.
    """
    await act_as(session, account_id)
    counted = (
        insert(Counter)
        .values(account_id=account_id, last=1)
        .on_conflict_do_update(index_elements=["account_id"], set_={"last": Counter.last + 1})
        .returning(Counter.last)
    )
    number = (await session.execute(counted)).scalar_one()
    notification = Notification(
        account_id=account_id,
        seq=number,
        organisation_id=event.organisation_id,
        event_id=event.id,
        created_at=now(),
        **fields,
    )
    session.add(notification)
    await session.flush()
    told = NotificationView.model_validate(notification).model_dump_json().encode()
    after_commit(session, lambda: fanout.publish(topics.of_account(account_id), told))


async def issue_ticket(cache: Cache, account_id: UUID) -> str:
    """A WebSocket cannot carry an Authorization header, and a token in a URL ends up in logs."""
    ticket = secrets.token_urlsafe(24)
    await cache.put(f"ticket:{ticket}", str(account_id).encode(), TICKET_SECONDS)
    return ticket


async def redeem_ticket(cache: Cache, ticket: str) -> UUID:
    """Raises `TicketEndedError`."""
    kept = await cache.take(f"ticket:{ticket}")
    if kept is None:
        raise TicketEndedError("Ask for a new one.")
    return UUID(kept.decode())


async def listed(
    session: AsyncSession, account_id: UUID, before: int | None, limit: int
) -> NotificationList:
    """Newest first."""
    mine = Notification.account_id == account_id
    statement = select(Notification).where(mine).order_by(Notification.seq.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(Notification.seq < before)
    rows = (await session.scalars(statement)).all()
    unread = await session.scalar(
        select(func.count()).select_from(Notification).where(mine, Notification.read_at.is_(None))
    )
    items = tuple(NotificationView.model_validate(row) for row in rows[:limit])
    following = items[-1].id if len(rows) > limit else None
    return NotificationList(items=items, next=following, unread=unread or 0)


async def mark_read(session: AsyncSession, account_id: UUID, up_to: int) -> None:
    await session.execute(
        update(Notification)
        .where(
            Notification.account_id == account_id,
            Notification.seq <= up_to,
            Notification.read_at.is_(None),
        )
        .values(read_at=now())
    )
