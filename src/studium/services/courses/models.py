"""Tables of the schema `courses` (migrations/courses)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from studium.core.event import now


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form


class Course(Base):
    __tablename__ = "courses"
    __table_args__ = {"schema": "courses"}  # noqa: RUF012 - SQLAlchemy's own form
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    title: Mapped[str]
    description: Mapped[str]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Enrolment(Base):
    __tablename__ = "enrolments"
    __table_args__ = {"schema": "courses"}  # noqa: RUF012 - SQLAlchemy's own form
    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    role: Mapped[str]
    enrolled_at: Mapped[datetime] = mapped_column(default=now)


class Invitation(Base):
    __tablename__ = "invitations"
    __table_args__ = {"schema": "courses"}  # noqa: RUF012 - SQLAlchemy's own form
    code: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    course_id: Mapped[UUID]
    created_by: Mapped[UUID]
    expires_at: Mapped[datetime]
