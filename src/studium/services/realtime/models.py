"""Tables of the schema `realtime` (migrations/courses)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from studium.core.event import now


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = {"schema": "realtime"}  # noqa: RUF012 - the same


class Counter(Base):
    """The newest number of a person's notifications; its row lock keeps the sequence gapless."""

    __tablename__ = "counters"
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class Notification(Base):
    __tablename__ = "notifications"
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    organisation_id: Mapped[UUID]
    event_id: Mapped[UUID]
    type: Mapped[str]
    course_id: Mapped[UUID]
    material_id: Mapped[UUID]
    title: Mapped[str]
    message: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None] = mapped_column(default=None)
