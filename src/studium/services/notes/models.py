"""Tables of the schema `notes` (migrations/courses)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from studium.core.event import now


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        list[Any]: JSONB,
    }
    __table_args__ = {"schema": "notes"}  # noqa: RUF012 - the same


class NoteSet(Base):
    """The notes of one book."""

    __tablename__ = "note_sets"
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    course_id: Mapped[UUID]
    uploaded_by: Mapped[UUID]
    version: Mapped[int]
    """Of the material; facts about an older reading have no effect."""
    title: Mapped[str]
    generator: Mapped[str]
    language: Mapped[str] = mapped_column(default="und")
    status: Mapped[str] = mapped_column(default="writing")
    published: Mapped[bool] = mapped_column(default=False)
    indexed: Mapped[bool] = mapped_column(default=False)
    total: Mapped[int] = mapped_column(default=0)
    written: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class NoteSection(Base):
    __tablename__ = "sections"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    material_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    index: Mapped[int]
    heading: Mapped[str]
    path: Mapped[list[str]]
    level: Mapped[int]
    first_page: Mapped[int]
    last_page: Mapped[int]
    status: Mapped[str] = mapped_column(default="waiting")
    summary: Mapped[str] = mapped_column(default="")
    markdown: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    points: Mapped[list[Any]] = mapped_column(default=list)
    key_terms: Mapped[list[Any]] = mapped_column(default=list)
    dropped: Mapped[int] = mapped_column(default=0)
