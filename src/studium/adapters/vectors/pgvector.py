"""The vector index in PostgreSQL: BM25 over segmented postings, halfvec HNSW, fused by ranks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.adapters.vectors import statements
from studium.core.ports import Hit, IndexedPassage, Question, Segment, Vectors
from studium.core.terms import postings, query_terms
from studium.runtime.database import Database, Scope

DIMENSIONS = frozenset({256, 384, 768, 1024, 1536})
"""Those that migrations/courses/versions/0002_vectors.py makes a table for."""
POOL = 100
"""Candidates of each side before fusion; never fewer than the limit asked for."""
MAX_SMALLINT = 32_767


class PgVectorIndex:
    def __init__(self, courses: Database) -> None:
        self._courses = courses

    async def put_keywords(self, segment: Segment, passages: Sequence[IndexedPassage]) -> None:
        flat = await asyncio.to_thread(_flat_postings, passages)
        async with self._courses.transaction(Scope((segment.organisation_id,))) as session:
            for statement in statements.CLEAR_KEYWORDS:
                await session.execute(statement, _place(segment))
            await session.execute(statements.INSERT_POSTINGS, {**_place(segment), **flat.columns})
            await session.execute(
                statements.INSERT_SEGMENT,
                {**_place(segment), "passages": len(passages), "tokens": flat.tokens},
            )

    async def put_vectors(
        self, segment: Segment, passage_ids: Sequence[UUID], vectors: Vectors
    ) -> None:
        dimensions = _known(vectors.shape[1])
        rows = {"passage_ids": list(passage_ids), "numbers": vectors.ravel().tolist()}
        async with self._courses.transaction(Scope((segment.organisation_id,))) as session:
            await session.execute(statements.clear_vectors(dimensions), _place(segment))
            await session.execute(
                statements.insert_vectors(dimensions), {**_place(segment), **rows}
            )

    async def search(self, question: Question) -> list[Hit]:
        values: dict[str, object] = {
            "courses": list(question.course_ids),
            "terms": query_terms(question.text),
            "pool": max(POOL, question.limit),
            "limit": question.limit,
        }
        dimensions = 0
        if question.mode != "keyword":
            if question.vector is None:
                raise ValueError(f"{question.mode} search needs the question's vector")
            dimensions = _known(question.vector.shape[1])
            values["vector"] = _literal(question.vector[0])
        if question.mode == "hybrid":
            values["dense_weight"] = question.dense_weight
        async with self._courses.transaction(Scope((question.organisation_id,))) as session:
            await _tune(session)
            rows = await session.execute(statements.search(question.mode, dimensions), values)
            return [Hit(row.passage_id, float(row.score)) for row in rows]

    async def delete_material(self, organisation_id: UUID, material_id: UUID) -> None:
        async with self._courses.transaction(Scope((organisation_id,))) as session:
            for statement in statements.delete_material(DIMENSIONS):
                await session.execute(statement, {"material_id": material_id})

    async def ping(self) -> None:
        await self._courses.ping()

    async def close(self) -> None:
        """The database belongs to whoever opened it."""


async def _tune(session: AsyncSession) -> None:
    """For this transaction: without the iterative scan a small course under the tenant's filter
    finds 2 of 20 in a large index.
    """
    await session.execute(
        text(
            "SELECT set_config('hnsw.ef_search', '200', true),"
            " set_config('hnsw.iterative_scan', 'relaxed_order', true)"
        )
    )


def _place(segment: Segment) -> dict[str, object]:
    return {
        "organisation_id": segment.organisation_id,
        "course_id": segment.course_id,
        "material_id": segment.material_id,
        "segment": segment.number,
    }


def _known(dimensions: int) -> int:
    if dimensions not in DIMENSIONS:
        raise ValueError(f"{dimensions} dimensions have no table; there are {sorted(DIMENSIONS)}")
    return dimensions


def _literal(vector: Vectors) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


@dataclass(frozen=True, slots=True)
class _Flat:
    """Columns: of (term, place, frequency) a row per term and passage, where `place` counts the
    passages from 1; of (passage id, length) a row per passage.
    """

    columns: dict[str, list[object]]
    tokens: int


def _flat_postings(passages: Sequence[IndexedPassage]) -> _Flat:
    terms: list[object] = []
    places: list[object] = []
    frequencies: list[object] = []
    lengths: list[int] = []
    for place, passage in enumerate(passages, start=1):
        found = postings(passage.text)
        terms += found.terms
        places += repeat(place, len(found.terms))
        frequencies += [min(count, MAX_SMALLINT) for count in found.terms.values()]
        lengths.append(found.length)
    columns = {"terms": terms, "places": places, "frequencies": frequencies}
    columns["passage_ids"] = [passage.passage_id for passage in passages]
    columns["lengths"] = [min(length, MAX_SMALLINT) for length in lengths]
    return _Flat(columns, sum(lengths))
