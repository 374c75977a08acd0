"""Pages and passages of a range, a statement each: a row by itself costs more than it holds."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.services.library.book import PageText
from studium.services.library.models import Material, Passage

_PAGES = text(
    "INSERT INTO library.pages (material_id, organisation_id, number, text, blocks, failure)"
    " SELECT :material_id, :organisation_id, number, text, CAST(blocks AS jsonb), failure"
    " FROM unnest(CAST(:number AS int[]), CAST(:text AS text[]), CAST(:blocks AS text[]),"
    " CAST(:failure AS text[])) AS page(number, text, blocks, failure)"
)
_COLUMNS = {
    "id": "uuid",
    "section": "int",
    "position": "int",
    "page_from": "int",
    "page_to": "int",
    "start_offset": "int",
    "end_offset": "int",
    "text": "text",
    "content_hash": "bytea",
}
_ARRAYS = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _COLUMNS.items())
_NAMES = ", ".join(_COLUMNS)
_PASSAGES = text(
    f"INSERT INTO library.passages ({_NAMES},"  # noqa: S608 - names of ours  # nosec B608
    " material_id, organisation_id, course_id, range_number)"
    f" SELECT {_NAMES}, :material_id, :organisation_id, :course_id,"
    f" :range_number FROM unnest({_ARRAYS}) AS passage({_NAMES})"
)


async def insert_pages(
    session: AsyncSession, material: Material, pages: Sequence[PageText]
) -> None:
    columns: dict[str, Any] = {
        "number": [page.number for page in pages],
        "text": [page.text for page in pages],
        "blocks": [json.dumps(page.blocks) for page in pages],
        "failure": [page.failure for page in pages],
    }
    owner = {"material_id": material.id, "organisation_id": material.organisation_id}
    await session.execute(_PAGES, {**owner, **columns})


async def insert_passages(
    session: AsyncSession, material: Material, number: int, found: Sequence[Passage]
) -> None:
    owner = {
        "material_id": material.id,
        "organisation_id": material.organisation_id,
        "course_id": material.course_id,
        "range_number": number,
    }
    columns = {name: [getattr(each, name) for each in found] for name in _COLUMNS}
    await session.execute(_PASSAGES, {**owner, **columns})
