"""Tables of the schema `library` (migrations/courses)."""

import builtins
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from studium.core.event import now


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[UUID]: ARRAY(Uuid),
    }
    __table_args__ = {"schema": "library"}  # noqa: RUF012 - the same


class Material(Base):
    __tablename__ = "materials"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    course_id: Mapped[UUID]
    uploaded_by: Mapped[UUID]
    title: Mapped[str]
    file_name: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[builtins.bytes]
    object_key: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every retry; events of an older version have no effect."""
    status: Mapped[str] = mapped_column(default="processing")
    stage: Mapped[str] = mapped_column(default="waiting")
    problem: Mapped[str | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(default="und")
    plan: Mapped[dict[str, Any] | None] = mapped_column(default=None, deferred=True)
    page_labels: Mapped[list[str] | None] = mapped_column(default=None, deferred=True)
    pages_total: Mapped[int] = mapped_column(default=0)
    pages_read: Mapped[int] = mapped_column(default=0)
    pages_empty: Mapped[int] = mapped_column(default=0)
    pages_failed: Mapped[int] = mapped_column(default=0)
    ranges_total: Mapped[int] = mapped_column(default=0)
    ranges_read: Mapped[int] = mapped_column(default=0)
    ranges_indexed: Mapped[int] = mapped_column(default=0)
    passages_total: Mapped[int] = mapped_column(default=0)
    passages_indexed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class PageRange(Base):
    __tablename__ = "ranges"
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    first_page: Mapped[int]
    last_page: Mapped[int]
    read_at: Mapped[datetime | None] = mapped_column(default=None)
    indexed_at: Mapped[datetime | None] = mapped_column(default=None)


class Section(Base):
    __tablename__ = "sections"
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    heading: Mapped[str]
    path: Mapped[list[str]]
    level: Mapped[int]
    kind: Mapped[str]
    first_page: Mapped[int]
    last_page: Mapped[int]
    read_at: Mapped[datetime | None] = mapped_column(default=None)


class Page(Base):
    __tablename__ = "pages"
    material_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    text: Mapped[str]
    blocks: Mapped[list[Any]]
    """[[start, end, kind], …]: offsets in `text`."""
    failure: Mapped[str | None] = mapped_column(default=None)


class Passage(Base):
    __tablename__ = "passages"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    material_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    course_id: Mapped[UUID]
    range_number: Mapped[int]
    section: Mapped[int]
    position: Mapped[int]
    page_from: Mapped[int]
    page_to: Mapped[int]
    start_offset: Mapped[int]
    end_offset: Mapped[int]
    text: Mapped[str]
    content_hash: Mapped[bytes]


class Uploading(Base):
    __tablename__ = "uploads"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the material that it becomes."""
    organisation_id: Mapped[UUID]
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """By the database's clock."""


class ResumableUpload(Base):
    __tablename__ = "resumable_uploads"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the material that it becomes."""
    organisation_id: Mapped[UUID]
    course_id: Mapped[UUID]
    uploaded_by: Mapped[UUID]
    described: Mapped[str]
    """`Upload-Metadata` as it was sent."""
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes, from the first on, without a gap."""
    parts: Mapped[list[UUID]] = mapped_column(default=list)
    """Names of the objects that hold them, in order."""
    material_id: Mapped[UUID | None] = mapped_column(default=None)
    """The book that it became, or that has the same bytes."""
    expires_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    """By the database's clock."""
