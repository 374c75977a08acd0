"""Resumable uploads: each chunk may reach another process, so all that is known of an upload is its
row, and all of its bytes are objects.

A chunk is an object of its own name. It counts when the row's offset moves over it, by one UPDATE
that asks for the offset at which the chunk began: of two that begin at the same byte one counts.
When the last byte counts, the book is made of the parts; whoever asks next does it where a process
ended before it could.

| file | holds |
|---|---|
| wire.py | the protocol's headers |
| service.py | what an upload goes through |
| routes.py | the protocol's requests |
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, NotFoundError, StudiumError
from studium.core.identity import Principal, new_id
from studium.core.ports import Objects
from studium.runtime.database import Database, Scope, scope_of
from studium.runtime.engines import Engines
from studium.services.courses.contract import CourseView
from studium.services.library import service, storage, uploads
from studium.services.library.models import Material, ResumableUpload
from studium.services.library.tus.wire import Checksum, Metadata

log = structlog.get_logger()

CHUNK_BYTES = 64 * 1024 * 1024
MAX_PARTS = 10_000
"""Of an upload, so that its row stays small."""

_IN_A_DAY = func.now() + text(f"interval '{uploads.PATIENCE_HOURS} hours'")


class OffsetError(StudiumError):
    kind = Kind.CONFLICT
    type = "upload-offset"
    title = "The upload goes on elsewhere"


class ChunkTooLargeError(StudiumError):
    kind = Kind.TOO_LARGE
    type = "chunk-too-large"
    title = "The chunk is too large"


class ChunkEmptyError(StudiumError):
    kind = Kind.INVALID
    type = "chunk-empty"
    title = "The chunk is empty"


class ChunkDamagedError(StudiumError):
    kind = Kind.DAMAGED
    type = "chunk-damaged"
    title = "The chunk arrived damaged"


class TooManyChunksError(StudiumError):
    kind = Kind.INVALID
    type = "too-many-chunks"
    title = "The chunks are too small"


@dataclass(frozen=True, slots=True)
class Chunk:
    body: AsyncIterator[bytes]
    """Raises `ConnectionError` where the other side breaks off."""
    announced: int
    """Bytes, by the request's own word; 0: it does not say."""
    promised: Checksum | None = None


async def create(
    engines: Engines, principal: Principal, course: CourseView, described: str, length: int
) -> ResumableUpload:
    """`length`: bytes of the whole file. They count as stored from now on, so that an upload which
    began can end. Raises `EmptyFileError`, `TooLargeError`, `QuotaExceededError`.
    """
    if not length:
        raise service.EmptyFileError(service.NO_BYTES)
    service.check_size(engines, length)
    upload = ResumableUpload(
        id=new_id(),
        organisation_id=course.organisation_id,
        course_id=course.id,
        uploaded_by=principal.account_id,
        described=described,
        length=length,
    )
    async with engines.courses.transaction(scope_of(principal)) as session:
        session.add(upload)
        await session.flush()
        await storage.check(session, course.organisation_id, length, engines.limits.quota_bytes)
    return upload


async def found(engines: Engines, principal: Principal, upload_id: UUID) -> ResumableUpload:
    """Only by whoever began it. Raises `NotFoundError`."""
    asked = select(ResumableUpload).where(
        ResumableUpload.id == upload_id,
        ResumableUpload.uploaded_by == principal.account_id,
        ResumableUpload.expires_at > func.now(),
    )
    async with engines.courses.transaction(scope_of(principal)) as session:
        upload = await session.scalar(asked)
    if upload is None:
        raise NotFoundError("There is no such upload, or it has expired. Begin it again.")
    return upload


async def append(
    engines: Engines, principal: Principal, upload: ResumableUpload, offset: int, chunk: Chunk
) -> ResumableUpload:
    """Keeps what arrives of a chunk, also where the connection breaks; with a checksum, all of it
    or nothing.

    Raises `OffsetError`, `ChunkTooLargeError`, `ChunkEmptyError`, `ChunkDamagedError`,
    `TooManyChunksError`, and what `finished` raises.
    """
    if offset != upload.received:
        raise _elsewhere()
    if offset == upload.length:
        return await finished(engines, principal, upload)
    if len(upload.parts) >= MAX_PARTS:
        raise TooManyChunksError(
            f"What came before is kept. An upload may have {MAX_PARTS:,} chunks: begin it again"
            " with larger ones."
        )
    part = new_id()
    size = await _keep(engines, _key(upload, part), chunk, min(CHUNK_BYTES, upload.length - offset))
    return await finished(engines, principal, await _count(engines, principal, upload, part, size))


async def _keep(engines: Engines, key: str, chunk: Chunk, most: int) -> int:
    """How many bytes there are now in the object."""
    digest = chunk.promised.hasher() if chunk.promised else None
    size = 0
    _check_chunk(chunk.announced, most)
    async with engines.objects.create(key) as writer:
        async for piece in _until_cut(chunk.body):
            size += len(piece)
            _check_chunk(size, most)
            if digest:
                digest.update(piece)
            await writer.write(piece)
        if not size:
            raise ChunkEmptyError("What came before is kept. Go on with the next bytes.")
        if digest and chunk.promised and digest.digest() != chunk.promised.digest:
            raise ChunkDamagedError("What came before is kept. Send this chunk again.")
    return size


async def _until_cut(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whoever breaks off has sent what arrived."""
    with suppress(ConnectionError):
        async for piece in body:
            yield piece


def _check_chunk(size: int, most: int) -> None:
    if size > most:
        raise ChunkTooLargeError(
            f"What came before is kept. The next chunk may have {most:,} bytes, as it ends where"
            f" the file does, and after {CHUNK_BYTES // 2**20} MiB."
        )


async def _count(
    engines: Engines, principal: Principal, upload: ResumableUpload, part: UUID, size: int
) -> ResumableUpload:
    """The upload with this part, which goes where another was counted in its place. Nothing goes
    where the answer to the commit is lost: then it may count.
    """
    counting = (
        update(ResumableUpload)
        .where(ResumableUpload.id == upload.id, ResumableUpload.received == upload.received)
        .values(
            received=ResumableUpload.received + size,
            parts=func.array_append(ResumableUpload.parts, part),
            expires_at=_IN_A_DAY,
        )
        .returning(ResumableUpload)
    )
    async with engines.courses.transaction(scope_of(principal)) as session:
        counted = await session.scalar(counting)
    if counted is None:
        await engines.objects.delete(_key(upload, part))
        raise _elsewhere()
    return counted


def _elsewhere() -> OffsetError:
    return OffsetError("Nothing of this chunk was kept. Ask by HEAD from which byte to go on.")


async def finished(
    engines: Engines, principal: Principal, upload: ResumableUpload
) -> ResumableUpload:
    """The upload, and where all of its bytes are here, the book made of them: once, however many
    processes try, because the row takes one of them only; they all write the same object.

    Raises `NotAPdfError`, and the upload is gone.
    """
    if upload.received < upload.length or upload.material_id:
        return upload
    try:
        material = await service.store(engines, _arriving(upload), _joined(engines, upload))
        async with engines.courses.transaction(scope_of(principal)) as session:
            kept = await _accept(engines, session, upload, material)
    except (NotFoundError, service.NotAPdfError, storage.QuotaExceededError):
        if made := await _give_up(engines, principal, upload):
            return made
        raise
    with suppress(StudiumError):  # the sweep finds what cannot be removed now
        await engines.objects.delete(_leftovers(kept))
    return kept


async def _accept(
    engines: Engines, session: AsyncSession, upload: ResumableUpload, material: Material
) -> ResumableUpload:
    kept = await session.get(ResumableUpload, upload.id, with_for_update=True)
    if kept is None:
        raise NotFoundError("The upload was ended meanwhile; nothing was kept.")
    if kept.material_id is None:
        kept.material_id = upload.id  # from here on its bytes count as a book, not twice
        await session.flush()
        view = await service.accept(session, material, engines.limits.quota_bytes)
        kept.material_id = view.id
    return kept


async def _give_up(
    engines: Engines, principal: Principal, upload: ResumableUpload
) -> ResumableUpload | None:
    """Removes the upload, unless another process has made the book meanwhile."""
    async with engines.courses.transaction(scope_of(principal)) as session:
        kept = await session.get(ResumableUpload, upload.id, with_for_update=True)
        if kept and kept.material_id:
            return kept
        if kept:
            await session.delete(kept)
        if await session.get(Material, upload.id) is None:
            await engines.objects.delete(uploads.folder(upload.organisation_id, upload.id))
    return None


async def terminate(engines: Engines, principal: Principal, upload: ResumableUpload) -> None:
    """Whatever it came to: a book that it became stays."""
    async with engines.courses.transaction(scope_of(principal)) as session:
        kept = await session.get(ResumableUpload, upload.id, with_for_update=True)
        if kept:
            await session.delete(kept)
            await engines.objects.delete(_leftovers(kept))


async def sweep(system: Database, objects: Objects) -> int:
    """Removes uploads that nobody went on with for a day; how many."""
    async with system.transaction(Scope()) as session:
        expired = await session.scalars(
            select(ResumableUpload)
            .where(ResumableUpload.expires_at < func.now())
            .limit(uploads.BATCH)
            .with_for_update(skip_locked=True)
        )
        left = expired.all()
        for upload in left:
            await objects.delete(_leftovers(upload))
        ids = [upload.id for upload in left]
        await session.execute(delete(ResumableUpload).where(ResumableUpload.id.in_(ids)))
    if left:
        log.info("library.resumable_uploads_cleared", uploads=len(left))
    return len(left)


def _arriving(upload: ResumableUpload) -> service.Arriving:
    name = Metadata.read(upload.described).filename
    by = upload.uploaded_by
    return service.Arriving(upload.id, upload.organisation_id, upload.course_id, by, name)


async def _joined(engines: Engines, upload: ResumableUpload) -> AsyncIterator[bytes]:
    for part in upload.parts:
        async for piece in engines.objects.read(_key(upload, part)):
            yield piece


def _parts(upload: ResumableUpload) -> str:
    return f"{uploads.folder(upload.organisation_id, upload.id)}/parts"


def _key(upload: ResumableUpload, part: UUID) -> str:
    return f"{_parts(upload)}/{part}"


def _leftovers(upload: ResumableUpload) -> str:
    """What of the upload's objects is not, or not any more, of use: all, unless it is a book."""
    if upload.material_id == upload.id:
        return _parts(upload)
    return uploads.folder(upload.organisation_id, upload.id)
