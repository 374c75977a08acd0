"""Events and deliveries: nothing is lost, nothing takes effect twice.

`emit` writes an event and one delivery per subscribed group in the caller's transaction. The
deliveries table is the job list, the retry queue and the dead letters in one:

    new → sent → running → done | retry | dead

A claim raises the attempt number; whoever finishes must still hold that number (fencing).
"""

import random
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.event import Event
from studium.core.identity import new_id
from studium.runtime.telemetry import traceparent

MAX_ATTEMPTS = 5
CHANNEL = "deliveries"
"""The NOTIFY channel that wakes the relay, once per transaction."""

_INSERT_EVENT = text(
    "INSERT INTO events.events (id, type, organisation_id, occurred_at, payload, traceparent)"
    " VALUES (:id, :type, :organisation_id, :occurred_at, :payload, :traceparent)"
).bindparams(bindparam("payload", type_=JSONB))
_INSERT_DELIVERY = text(
    "INSERT INTO events.deliveries (id, event_id, group_name, organisation_id)"
    " VALUES (:id, :event_id, :group_name, :organisation_id)"
)
_NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', '')")


async def emit(session: AsyncSession, *events: Event) -> None:
    """Writes facts and their deliveries; they leave when the transaction commits.

    Raises `LookupError` for an event that no group handles: that is a wiring mistake.
    """
    rows = [row for event in events for row in _delivery_rows(session, event)]
    if not rows:
        return
    # Two statements however many events there are: a book's plan emits a range each.
    await session.execute(_INSERT_EVENT, [_event_row(event) for event in events])
    await session.execute(_INSERT_DELIVERY, rows)
    await session.execute(_NOTIFY)


def _delivery_rows(session: AsyncSession, event: Event) -> list[dict[str, Any]]:
    groups = session.info["subscriptions"].get(event.type_name())
    if not groups:
        raise LookupError(f"nobody handles {event.type_name()}")
    return [
        {
            "id": new_id(),
            "event_id": event.id,
            "group_name": group,
            "organisation_id": event.organisation_id,
        }
        for group in sorted(groups)
    ]


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type_name(),
        "organisation_id": event.organisation_id,
        "occurred_at": event.occurred_at,
        "payload": event.model_dump(mode="json"),
        "traceparent": traceparent(),
    }


# ── a worker's side ───────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one delivery, held until its lease runs out."""

    delivery_id: UUID
    organisation_id: UUID
    attempt: int
    event_type: str
    payload: dict[str, Any]
    traceparent: str | None


class LeaseLostError(Exception):
    """Another worker holds the delivery, or it has ended: this attempt may not take effect."""


_CLAIM = text(
    "UPDATE events.deliveries AS d SET state = 'running', attempt = attempt + 1,"
    " lease_until = now() + make_interval(secs => :lease), updated_at = now()"
    " WHERE d.id = :id AND d.group_name = :group AND (d.state IN ('new', 'sent')"
    " OR (d.state = 'retry' AND d.due_at <= now()))"
    " RETURNING d.event_id, d.organisation_id, d.attempt"
)
_SCOPE = text("SELECT set_config('app.organisations', :organisations, true)")
_EVENT = text("SELECT type, payload, traceparent FROM events.events WHERE id = :id")
_EXTEND = text(
    "UPDATE events.deliveries SET lease_until = now() + make_interval(secs => :lease)"
    " WHERE id = :id AND state = 'running' AND attempt = :attempt"
)
_END = text(
    "UPDATE events.deliveries SET state = :state, lease_until = NULL, last_error = :error,"
    " due_at = now() + make_interval(secs => :delay), updated_at = now()"
    " WHERE id = :id AND state = 'running' AND attempt = :attempt"
)


async def claim(
    session: AsyncSession, delivery_id: UUID, group: str, lease_seconds: float
) -> Claim | None:
    """Takes the delivery for one attempt; None where it is taken, done or not due yet."""
    row = (
        await session.execute(_CLAIM, {"id": delivery_id, "group": group, "lease": lease_seconds})
    ).one_or_none()
    if row is None:
        return None
    await session.execute(_SCOPE, {"organisations": f"{{{row.organisation_id}}}"})
    event = (await session.execute(_EVENT, {"id": row.event_id})).one()
    return Claim(
        delivery_id, row.organisation_id, row.attempt, event.type, event.payload, event.traceparent
    )


async def extend(session: AsyncSession, claim: Claim, lease_seconds: float) -> None:
    """The heartbeat. Raises `LeaseLostError`."""
    values = {"id": claim.delivery_id, "attempt": claim.attempt, "lease": lease_seconds}
    await _guarded(session, _EXTEND, values)


async def complete(session: AsyncSession, claim: Claim) -> None:
    """Marks it done in the transaction that holds its effects. Raises `LeaseLostError`."""
    await _end(session, claim, "done")


async def give_back(session: AsyncSession, claim: Claim, error: str, delay: float) -> None:
    """A failed attempt: due again after `delay` seconds. Raises `LeaseLostError`."""
    await _end(session, claim, "retry", error, delay)


async def bury(session: AsyncSession, claim: Claim, error: str) -> None:
    """The attempts are used up. Raises `LeaseLostError`."""
    await _end(session, claim, "dead", error)


async def _end(
    session: AsyncSession, claim: Claim, state: str, error: str | None = None, delay: float = 0
) -> None:
    values = {
        "id": claim.delivery_id,
        "attempt": claim.attempt,
        "state": state,
        "error": error and error[:2000],
        "delay": delay,
    }
    await _guarded(session, _END, values)


async def _guarded(session: AsyncSession, statement: TextClause, values: dict[str, Any]) -> None:
    result = await session.execute(statement, values)
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise LeaseLostError


def backoff(attempt: int, base: float = 1.0, most: float = 60.0) -> float:
    """Seconds until the next attempt: exponential with full jitter ("Exponential Backoff and
    Jitter", AWS Architecture Blog, 2015), never under a tenth of the bound.
    """
    bound = min(most, base * 2.0 ** (attempt - 1))
    return random.uniform(bound / 10, bound)
