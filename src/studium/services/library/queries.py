"""Reads of the library: rows become views here and nowhere else."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from studium.core.errors import NotFoundError
from studium.runtime.database import outdated
from studium.services.library.contract import (
    FailedPage,
    MaterialView,
    PassageView,
    Progress,
    Receipt,
    SectionSource,
    SectionView,
    SourceBlock,
    SourcePassage,
)
from studium.services.library.models import Material, Page, Passage, Section


def not_found() -> NotFoundError:
    return NotFoundError("There is no such book, or you may not see it.")


async def found(session: AsyncSession, material_id: UUID, *, locked: bool = False) -> Material:
    """Locked for whoever changes it. Raises `NotFoundError`."""
    material = await maybe(session, material_id, locked=locked)
    if material is None:
        raise not_found()
    return material


async def maybe(
    session: AsyncSession, material_id: UUID, *, locked: bool = False
) -> Material | None:
    material = await session.get(Material, material_id, with_for_update=locked or None)
    if material and locked:
        changed(session, material)
    return material


def changed(session: AsyncSession, material: Material) -> None:
    """What is cached of it ends with the transaction (`shelf.py`)."""
    outdated(session, key(material.id), shelf_key(material.course_id))


def key(material_id: UUID) -> str:
    return f"material:{material_id}"


def shelf_key(course_id: UUID) -> str:
    return f"materials:{course_id}"


async def view(session: AsyncSession, material_id: UUID) -> MaterialView:
    """The single view, with page labels."""
    material = await session.get(
        Material, material_id, options=[undefer(Material.page_labels)], populate_existing=True
    )
    if material is None:
        raise not_found()
    failures = await _failures(session, [material_id])
    labels = tuple(material.page_labels) if material.page_labels else None
    return _view(material, failures.get(material_id, ()), labels)


async def of_course(session: AsyncSession, course_id: UUID) -> list[MaterialView]:
    """Newest first."""
    rows = await session.scalars(
        select(Material).where(Material.course_id == course_id).order_by(Material.id.desc())
    )
    materials = rows.all()
    failures = await _failures(session, [each.id for each in materials if each.pages_failed])
    return [_view(each, failures.get(each.id, ())) for each in materials]


async def _failures(
    session: AsyncSession, material_ids: Sequence[UUID]
) -> dict[UUID, tuple[FailedPage, ...]]:
    if not material_ids:
        return {}
    rows = await session.execute(
        select(Page.material_id, Page.number, Page.failure)
        .where(Page.material_id.in_(material_ids), Page.failure.is_not(None))
        .order_by(Page.number)
    )
    failures: dict[UUID, tuple[FailedPage, ...]] = {}
    for row in rows:
        failed = FailedPage(page=row.number, reason=row.failure)
        failures[row.material_id] = (*failures.get(row.material_id, ()), failed)
    return failures


def _view(
    material: Material,
    failures: tuple[FailedPage, ...],
    page_labels: tuple[str, ...] | None = None,
) -> MaterialView:
    return MaterialView.model_validate(
        {
            **{name: getattr(material, name) for name in _SAME},
            "progress": progress(material),
            "receipt": _receipt(material, failures),
            "page_labels": page_labels,
        }
    )


_SAME = (
    *("id", "course_id", "title", "file_name", "bytes", "status", "stage", "problem"),
    "language",
    *("uploaded_by", "created_at"),
)


def progress(material: Material) -> Progress:
    if material.stage in {"indexing", "done"}:
        return Progress(done=material.passages_indexed, total=material.passages_total)
    return Progress(done=material.pages_read, total=material.pages_total)


def _receipt(material: Material, failures: tuple[FailedPage, ...]) -> Receipt | None:
    """None until every page has been read, or found unreadable."""
    if not material.pages_total or material.pages_read < material.pages_total:
        return None
    failed, empty = material.pages_failed, material.pages_empty
    return Receipt(
        total=material.pages_total,
        indexed=material.pages_total - empty - failed,
        empty=empty,
        failed=failed,
        failures=failures,
    )


async def sections(session: AsyncSession, material_id: UUID) -> list[SectionView]:
    """The sections that carry the book's text, in reading order: no contents list, no index."""
    rows = await session.scalars(
        select(Section)
        .where(Section.material_id == material_id, Section.kind == "body")
        .order_by(Section.index)
    )
    return [SectionView.model_validate(row) for row in rows]


async def section_source(session: AsyncSession, material_id: UUID, index: int) -> SectionSource:
    material = await found(session, material_id)
    section = await session.get_one(Section, (material_id, index))
    passages = await _section_passages(session, material_id, index)
    source = SectionSource(
        organisation_id=material.organisation_id,
        course_id=material.course_id,
        material_id=material_id,
        material_title=material.title,
        version=material.version,
        language=material.language,
        section=SectionView.model_validate(section),
        blocks=(),
        passages=passages,
    )
    return source.model_copy(update={"blocks": await _blocks(session, source)})


async def _section_passages(
    session: AsyncSession, material_id: UUID, index: int
) -> tuple[SourcePassage, ...]:
    rows = await session.scalars(
        select(Passage)
        .where(Passage.material_id == material_id, Passage.section == index)
        .order_by(Passage.position)
    )
    return tuple(
        SourcePassage(
            id=row.id,
            page_from=row.page_from,
            page_to=row.page_to,
            start=row.start_offset,
            end=row.end_offset,
        )
        for row in rows
    )


async def _blocks(session: AsyncSession, source: SectionSource) -> tuple[SourceBlock, ...]:
    """The blocks of the section's pages that its passages cover."""
    section = source.section
    pages = await session.scalars(
        select(Page)
        .where(
            Page.material_id == source.material_id,
            Page.number.between(section.first_page, section.last_page),
        )
        .order_by(Page.number)
    )
    return tuple(
        SourceBlock(page=page.number, start=start, kind=kind, text=page.text[start:end])
        for page in pages
        for start, end, kind in page.blocks
        if source.passage_at(page.number, start)
    )


async def passages(session: AsyncSession, ids: Sequence[UUID]) -> list[PassageView]:
    rows = await session.scalars(select(Passage).where(Passage.id.in_(ids)))
    return [PassageView.model_validate(row) for row in rows]


async def page_texts(
    session: AsyncSession, material_id: UUID, first: int, last: int
) -> dict[int, str]:
    rows = await session.execute(
        select(Page.number, Page.text).where(
            Page.material_id == material_id, Page.number.between(first, last)
        )
    )
    return {row.number: row.text for row in rows}


async def titles(session: AsyncSession, material_ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = await session.execute(
        select(Material.id, Material.title).where(Material.id.in_(material_ids))
    )
    return {row.id: row.title for row in rows}
