"""Notifications as people and browsers see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Of a notification: gapless per person, from 1; 0 is before all. Browsers count no further."""


def _number(value: object) -> object:
    """JSON knows one kind of number; `true` and `"1"` are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Send a number.")  # noqa: TRY004 - what pydantic understands
    return value


class TicketView(View):
    ticket: str
    """Opens one WebSocket within 30 seconds."""


class NotificationView(View):
    id: int = Field(validation_alias="seq")
    """Gapless per person, from 1."""
    type: str
    course_id: UUID
    material_id: UUID
    title: str
    message: str
    created_at: datetime
    read_at: datetime | None = None


class NotificationList(View):
    items: tuple[NotificationView, ...]
    next: int | None
    unread: int


class ReadUpTo(BaseModel):
    up_to: Annotated[Number, BeforeValidator(_number)]
