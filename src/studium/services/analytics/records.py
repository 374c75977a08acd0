"""What travels through the event stream: lines as the warehouse takes them, so that nobody on the
way has to read them, or the word that a course is to be forgotten.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from studium.core.event import Event
from studium.services.analytics.contract import LearningEvent
from studium.services.courses.contract import CourseView

GROUP = "analytics"
OLDEST = timedelta(days=30)
"""A browser that was away for longer is not believed."""
_FORGET = b"forget "


def of_person(
    events: Iterable[LearningEvent], course: CourseView, account_id: UUID, now: datetime
) -> bytes:
    """One record of all of them."""
    return b"\n".join(
        _line(
            each.id,
            (course.organisation_id, course.id, account_id, each.material_id),
            each.kind,
            # A wrong clock neither writes history nor the future.
            min(max(each.occurred_at, now - OLDEST), now),
            each.place,
        )
        for each in events
    )


def of_fact(event: Event, kind: str, course_id: UUID, account_id: UUID, material_id: UUID) -> bytes:
    ids = (event.organisation_id, course_id, account_id, material_id)
    return _line(event.id, ids, kind, event.occurred_at, 0)


def _line(
    event_id: UUID, ids: tuple[UUID, UUID, UUID, UUID], kind: str, at: datetime, place: int
) -> bytes:
    """`ids`: organisation, course, account, material."""
    organisation_id, course_id, account_id, material_id = map(str, ids)
    row = {
        "id": str(event_id),
        "organisation_id": organisation_id,
        "course_id": course_id,
        "account_id": account_id,
        "material_id": material_id,
        "kind": kind,
        "occurred_at": at.isoformat(timespec="milliseconds"),
        "place": place,
    }
    return json.dumps(row).encode()


def forgetting(organisation_id: UUID, course_id: UUID) -> bytes:
    return _FORGET + organisation_id.bytes + course_id.bytes


def forgotten(record: bytes) -> tuple[UUID, UUID] | None:
    """The organisation and the course of such a word; None for rows."""
    if not record.startswith(_FORGET):
        return None
    ids = record.removeprefix(_FORGET)
    return UUID(bytes=ids[:16]), UUID(bytes=ids[16:])
