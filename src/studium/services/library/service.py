"""Books: upload, receipt, cancel, retry, delete, search.

| file | holds |
|---|---|
| receive.py | the streamed upload body |
| child.py, jailed.py | the child process that reads a PDF: its limits, its inside |
| extract.py | a PDF's plan, and the text of its pages |
| pdf.py | what is asked of a PDF: lines with their place and type |
| pdfium.py, oxide.py | the two readers: all that speaks pdfium and pdf-oxide |
| layout.py, margins.py | reading order, paragraphs, running heads |
| outline.py, headings.py | sections and page ranges |
| language.py | which language |
| chunk.py | passages |
| book.py | the values that travel between these |
| storage.py | how much an organisation may store |
| downloads.py | addresses of a book that work without a token |
| uploads.py | uploads on their way, and what is left of those that ended in the middle |
| tus/ | uploads that go on after a cut |
| ingest.py, bulk.py | what each stage keeps |
| search.py | hybrid search over a course |
| shelf.py | books as people see them, through the cache |
| local.py | `contract.Library` in this process |
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, StudiumError
from studium.core.identity import Principal, new_id
from studium.runtime.database import scope_of
from studium.runtime.deliveries import emit
from studium.runtime.engines import Engines
from studium.services.courses.contract import CourseView
from studium.services.library import queries, storage, uploads
from studium.services.library.contract import MaterialView
from studium.services.library.events import (
    MaterialCancelled,
    MaterialDeleted,
    MaterialEvent,
    MaterialUploaded,
)
from studium.services.library.extract import looks_like_pdf
from studium.services.library.models import Material
from studium.services.library.receive import IncomingFile

Fact = TypeVar("Fact", bound=MaterialEvent)
SNIFFED_BYTES = 1024
"""A PDF may carry junk before its header (ISO 32000-2, annex I)."""
NO_BYTES = "It has no bytes. Choose the book's PDF and upload it again."


class NotAPdfError(StudiumError):
    kind = Kind.UNSUPPORTED
    type = "not-a-pdf"
    title = "This is not a PDF"


class EmptyFileError(StudiumError):
    kind = Kind.INVALID
    type = "empty-file"
    title = "The file is empty"


class TooLargeError(StudiumError):
    kind = Kind.TOO_LARGE
    type = "too-large"
    title = "The file is too large"


class NotNowError(StudiumError):
    kind = Kind.CONFLICT
    type = "not-now"
    title = "That is not possible now"


@dataclass(frozen=True, slots=True)
class Arriving:
    """A book on its way: what is known of it before its bytes."""

    material_id: UUID
    organisation_id: UUID
    course_id: UUID
    uploaded_by: UUID
    file_name: str

    @property
    def key(self) -> str:
        return f"{uploads.folder(self.organisation_id, self.material_id)}/book.pdf"


@dataclass(frozen=True, slots=True)
class Upload:
    material: MaterialView
    is_new: bool


async def upload(
    engines: Engines, principal: Principal, course: CourseView, file: IncomingFile
) -> Upload:
    """Streams the file to the object store, then accepts it in one transaction.

    The same bytes twice in a course answer the material that is there. Raises `EmptyFileError`,
    `NotAPdfError`, `TooLargeError`, `QuotaExceededError`, `TooSlowError`; whatever fails, nothing
    half-written stays.
    """
    arriving = Arriving(
        new_id(), course.organisation_id, course.id, principal.account_id, file.name
    )
    room = await _begin(engines, principal, course, arriving.material_id)
    try:
        material = await store(engines, arriving, file.chunks, room)
        async with engines.courses.transaction(scope_of(principal)) as session:
            view = await accept(session, material, engines.limits.quota_bytes)
            if view.id == material.id:
                await uploads.accepted(session, material.id)
    except BaseException:
        await uploads.abandon(engines, course.organisation_id, arriving.material_id)
        raise
    if view.id != material.id:
        await uploads.abandon(engines, course.organisation_id, material.id)
    return Upload(view, view.id == material.id)


async def _begin(
    engines: Engines, principal: Principal, course: CourseView, material_id: UUID
) -> int:
    """How many bytes the organisation may still add. An upload that cannot fit ends early; whether
    it fits beside others is decided when it is accepted.
    """
    quota = engines.limits.quota_bytes
    async with engines.courses.transaction(scope_of(principal)) as session:
        await uploads.announce(session, course.organisation_id, material_id)
        if not quota:
            return sys.maxsize
        return quota - await storage.used(session, course.organisation_id)


async def store(
    engines: Engines, arriving: Arriving, chunks: AsyncIterator[bytes], room: int = sys.maxsize
) -> Material:
    """The file as an object, and the row that `accept` may add. `room`: bytes.

    Raises `EmptyFileError`, `NotAPdfError`, `TooLargeError`, `QuotaExceededError`; the object is
    there only where it did not.
    """
    digest = hashlib.sha256()
    size = 0
    head = b""
    async with engines.objects.create(arriving.key) as writer:
        async for chunk in chunks:
            size += len(chunk)
            check_size(engines, size)
            if size > room:
                quota = engines.limits.quota_bytes
                raise storage.exceeded(quota - room, quota)
            if len(head) < SNIFFED_BYTES:
                head += chunk[:SNIFFED_BYTES]
            digest.update(chunk)
            await writer.write(chunk)
        if not size:
            raise EmptyFileError(NO_BYTES)
        if not looks_like_pdf(head):
            raise NotAPdfError(
                "Nothing was kept. Studium reads PDF files now: export the book as PDF and upload"
                " that."
            )
    return Material(
        id=arriving.material_id,
        organisation_id=arriving.organisation_id,
        course_id=arriving.course_id,
        uploaded_by=arriving.uploaded_by,
        title=_title(arriving.file_name),
        file_name=arriving.file_name,
        bytes=size,
        sha256=digest.digest(),
        object_key=arriving.key,
    )


def check_size(engines: Engines, size: int) -> None:
    """Bytes. Raises `TooLargeError`."""
    most = engines.limits.upload_max_bytes
    if size > most:
        raise TooLargeError(
            f"Nothing was kept. A book may have {most // 2**20} MiB; split it, or ask your operator"
            " to raise STUDIUM_UPLOAD_MAX_BYTES."
        )


def _title(file_name: str) -> str:
    return PurePath(file_name).stem.replace("_", " ").strip() or file_name


async def accept(session: AsyncSession, material: Material, quota: int) -> MaterialView:
    """The new material, or the one with the same bytes that the course has. `quota`: bytes.

    Raises `QuotaExceededError`, `NotNowError`.
    """
    added = await session.scalar(
        insert(Material)
        .values({name: getattr(material, name) for name in _NEW})
        .on_conflict_do_nothing(index_elements=["course_id", "sha256"])
        .returning(Material.id)
    )
    if added is None:
        existing = await session.scalar(
            select(Material.id).where(
                Material.course_id == material.course_id, Material.sha256 == material.sha256
            )
        )
        if existing is None:
            raise NotNowError("The same book was being deleted. Upload it again.")
        return await queries.view(session, existing)
    kept = await queries.found(session, added)
    queries.changed(session, kept)
    await storage.check(session, kept.organisation_id, kept.bytes, quota)
    await emit(session, fact(MaterialUploaded, kept))
    return await queries.view(session, added)


_NEW = (
    *("id", "organisation_id", "course_id", "uploaded_by", "title"),
    *("file_name", "bytes", "sha256", "object_key"),
)


def fact(kind: type[Fact], material: Material, **more: object) -> Fact:
    return kind.model_validate(
        {
            "organisation_id": material.organisation_id,
            "course_id": material.course_id,
            "material_id": material.id,
            "version": material.version,
            "uploaded_by": material.uploaded_by,
            "title": material.title,
            **more,
        }
    )


async def cancel(session: AsyncSession, material_id: UUID) -> MaterialView:
    """What was read stays searchable; the rest is left. Raises `NotNowError`."""
    material = await queries.found(session, material_id, locked=True)
    if material.status != "processing":
        raise NotNowError(f"The book is {material.status} already.")
    material.status = "cancelled"
    material.problem = "Stopped by a teacher. Choose Try again to read it from the start."
    await session.flush()
    await emit(session, fact(MaterialCancelled, material))
    return await queries.view(session, material_id)


async def retry(session: AsyncSession, material_id: UUID) -> MaterialView:
    """Reads the stored file again, as a new version. Raises `NotNowError`."""
    material = await queries.found(session, material_id, locked=True)
    if material.status not in {"failed", "cancelled"}:
        raise NotNowError(f"The book is {material.status}; there is nothing to try again.")
    material.version += 1
    material.status, material.stage, material.problem = "processing", "waiting", None
    for counter in ("pages_total", "pages_read", "pages_empty", "pages_failed"):
        setattr(material, counter, 0)
    for counter in ("ranges_total", "ranges_read", "ranges_indexed"):
        setattr(material, counter, 0)
    material.passages_total = material.passages_indexed = 0
    await session.flush()
    await emit(session, fact(MaterialUploaded, material))
    return await queries.view(session, material_id)


async def remove(session: AsyncSession, material_id: UUID) -> None:
    """The rows go now; the file and the index follow by event."""
    material = await queries.found(session, material_id, locked=True)
    await emit(session, fact(MaterialDeleted, material))
    await session.execute(delete(Material).where(Material.id == material_id))
