"""Notifications as people and browsers see them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


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
    up_to: int = Field(ge=0)
