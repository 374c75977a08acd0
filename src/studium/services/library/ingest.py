"""What each stage keeps, in the transaction that ends its delivery.

The material's row lock makes the counters exact, so exactly one worker sees itself as the last.
"""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.event import now
from studium.runtime.deliveries import emit
from studium.services.library import bulk, queries
from studium.services.library.book import BookPlan, PageText
from studium.services.library.chunk import open_section, pack
from studium.services.library.events import (
    MaterialDeleted,
    MaterialEvent,
    MaterialFailed,
    MaterialIndexed,
    PageRangePlanned,
    PageRangeRead,
    SectionRead,
)
from studium.services.library.models import Material, Page, PageRange, Passage, Section
from studium.services.library.service import fact

MOST_PASSAGES = 1_000_000
"""Of a range: positions of passages rise through the book."""
NO_TEXT = (
    "No page of this file holds text: it is probably scanned. The file is kept. Run it through a"
    " text recognition (OCR) program and upload the result."
)
MANY_FAILED = 100
UNREADABLE = (
    "Most pages of this file cannot be read: it is damaged, or made so that no reader can. The file"
    " is kept. Open it in a PDF viewer, save it as a new file and upload that."
)


async def current(
    session: AsyncSession, event: MaterialEvent, *, locked: bool = False
) -> Material | None:
    """The material, unless it is gone, stopped, or read anew since the event."""
    material = await queries.maybe(session, event.material_id, locked=locked)
    if material and material.version == event.version and material.status == "processing":
        return material
    return None


async def fail(session: AsyncSession, event: MaterialEvent, reason: str) -> None:
    material = await current(session, event, locked=True)
    if material:
        material.status, material.problem = "failed", reason
        await session.flush()
        await emit(session, fact(MaterialFailed, material, reason=reason))


# ── plan ──────────────────────────────────────────────────────────────────────────────────────
async def keep_plan(session: AsyncSession, material: Material, book: BookPlan) -> None:
    await _clear(session, material.id)
    material.plan = book.to_json()
    material.page_labels = list(book.labels)
    material.language = book.language
    material.title = book.title or material.title
    material.problem = book.remark
    material.stage = "reading"
    material.pages_total, material.ranges_total = book.pages, len(book.ranges)
    owner = {"material_id": material.id, "organisation_id": material.organisation_id}
    session.add_all(
        Section(**owner, **{name: getattr(each, name) for name in _SECTION}, path=list(each.path))
        for each in book.sections
    )
    session.add_all(
        PageRange(**owner, number=each.number, first_page=each.first_page, last_page=each.last_page)
        for each in book.ranges
    )
    await session.flush()
    planned = [
        fact(
            PageRangePlanned,
            material,
            number=each.number,
            first_page=each.first_page,
            last_page=each.last_page,
        )
        for each in book.ranges
    ]
    await emit(session, *planned)


_SECTION = ("index", "heading", "level", "kind", "first_page", "last_page")


async def _clear(session: AsyncSession, material_id: UUID) -> None:
    """What an earlier reading left."""
    for table in (Section, PageRange, Page, Passage):
        await session.execute(delete(table).where(table.material_id == material_id))


async def kept_plan(session: AsyncSession, material: Material) -> BookPlan:
    plan = await session.scalar(select(Material.plan).where(Material.id == material.id))
    return BookPlan.from_json(plan)


# ── read ──────────────────────────────────────────────────────────────────────────────────────
def passages(event: PageRangePlanned, pages: Sequence[PageText], book: BookPlan) -> list[Passage]:
    """The rows of a range's passages. An id is derived from version, page and offset, so that a
    repeated attempt overwrites instead of adding.
    """
    packed = pack(pages, open_section(event.first_page, book.sections))
    return [
        Passage(
            id=uuid5(event.material_id, f"{event.version}/{each.page_from}/{each.start}"),
            material_id=event.material_id,
            organisation_id=event.organisation_id,
            course_id=event.course_id,
            range_number=event.number,
            section=each.section_index,
            position=position,
            page_from=each.page_from,
            page_to=each.page_to,
            start_offset=each.start,
            end_offset=each.end,
            text=each.text,
            content_hash=each.content_hash,
        )
        for position, each in enumerate(packed, start=event.number * MOST_PASSAGES)
    ]


async def keep_range(
    session: AsyncSession,
    material: Material,
    number: int,
    pages: Sequence[PageText],
    found: Sequence[Passage],
) -> None:
    await bulk.insert_pages(session, material, pages)
    await bulk.insert_passages(session, material, number, found)
    await session.execute(
        update(PageRange)
        .where(PageRange.material_id == material.id, PageRange.number == number)
        .values(read_at=now())
    )
    material.ranges_read += 1
    material.pages_read += len(pages)
    material.pages_failed += sum(1 for page in pages if page.failure)
    material.pages_empty += sum(1 for page in pages if not page.failure and not page.text)
    material.passages_total += len(found)
    if material.pages_failed >= MANY_FAILED and 2 * material.pages_failed > material.pages_read:
        # A file may hold thousands of pages that each cost all they may: enough is enough.
        await _end_reading(session, material, UNREADABLE)
        return
    await emit(session, fact(PageRangeRead, material, number=number))
    await _announce_sections(session, material)
    if material.ranges_read == material.ranges_total:
        await _all_read(session, material)


async def _announce_sections(session: AsyncSession, material: Material) -> None:
    """Sections whose every page has been read now."""
    unread = exists().where(
        PageRange.material_id == material.id,
        PageRange.read_at.is_(None),
        PageRange.first_page <= Section.last_page,
        PageRange.last_page >= Section.first_page,
    )
    complete = await session.execute(
        update(Section)
        .where(Section.material_id == material.id, Section.read_at.is_(None), ~unread)
        .values(read_at=now())
        .returning(Section.index, Section.kind)
        .execution_options(synchronize_session=False)
    )
    read = [
        fact(SectionRead, material, section=index) for index, kind in complete if kind == "body"
    ]
    if read:
        await emit(session, *read)


async def _all_read(session: AsyncSession, material: Material) -> None:
    material.stage = "indexing"
    if not material.passages_total:
        await _end_reading(session, material, UNREADABLE if material.pages_failed else NO_TEXT)


async def _end_reading(session: AsyncSession, material: Material, reason: str) -> None:
    material.status, material.problem = "failed", reason
    await session.flush()
    await emit(session, fact(MaterialFailed, material, reason=reason))


# ── embed ─────────────────────────────────────────────────────────────────────────────────────
async def keep_vectors(
    session: AsyncSession, material: Material, number: int, passages: int
) -> None:
    await session.execute(
        update(PageRange)
        .where(PageRange.material_id == material.id, PageRange.number == number)
        .values(indexed_at=now())
    )
    material.ranges_indexed += 1
    material.passages_indexed += passages
    if material.ranges_indexed == material.ranges_total:
        material.status, material.stage = "ready", "done"
        await session.flush()
        await emit(session, fact(MaterialIndexed, material, passages=material.passages_indexed))


# ── delete ────────────────────────────────────────────────────────────────────────────────────
async def delete_course(session: AsyncSession, course_id: UUID) -> None:
    """Every book of the course goes, each with its own fact."""
    materials = (
        await session.scalars(
            select(Material).where(Material.course_id == course_id).with_for_update()
        )
    ).all()
    for material in materials:
        queries.changed(session, material)
        await emit(session, fact(MaterialDeleted, material))
        await session.delete(material)
