"""The SQL of the index. Names are fixed here; every value is a bound parameter."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import TextClause, text

from studium.core.ports import SearchMode
from studium.core.terms import K1, B

RRF_K = 60
"""Reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009)."""

_HERE = "material_id = :material_id AND segment = :segment"
CLEAR_KEYWORDS = (
    text(f"DELETE FROM vectors.postings WHERE {_HERE}"),  # noqa: S608 - a constant  # nosec B608
    text(f"DELETE FROM vectors.segments WHERE {_HERE}"),  # noqa: S608 - a constant  # nosec B608
)
INSERT_POSTINGS = text(
    "INSERT INTO vectors.postings (organisation_id, course_id, material_id, segment, term,"
    " passage_ids, frequencies, lengths)"
    " SELECT :organisation_id, :course_id, :material_id, :segment, term,"
    " array_agg((CAST(:passage_ids AS uuid[]))[place]), array_agg(frequency),"
    " array_agg((CAST(:lengths AS smallint[]))[place])"
    " FROM unnest(CAST(:terms AS int[]), CAST(:places AS int[]),"
    " CAST(:frequencies AS smallint[])) AS flat(term, place, frequency) GROUP BY term"
)
INSERT_SEGMENT = text(
    "INSERT INTO vectors.segments"
    " VALUES (:organisation_id, :course_id, :material_id, :segment, :passages, :tokens)"
)


@cache
def clear_vectors(dimensions: int) -> TextClause:
    table = f"vectors.embeddings_{dimensions}"
    return text(f"DELETE FROM {table} WHERE {_HERE}")  # noqa: S608 - a number of ours  # nosec B608


@cache
def insert_vectors(dimensions: int) -> TextClause:
    return text(
        f"INSERT INTO vectors.embeddings_{dimensions}"  # noqa: S608 - a number of ours  # nosec B608
        " SELECT passage_id, :organisation_id, :course_id, :material_id, :segment,"
        " CAST((CAST(:numbers AS real[]))"
        f"[(place - 1) * {dimensions} + 1 : place * {dimensions}] AS halfvec({dimensions}))"
        " FROM unnest(CAST(:passage_ids AS uuid[])) WITH ORDINALITY AS flat(passage_id, place)"
    )


def delete_material(dimensions: Iterable[int]) -> list[TextClause]:
    tables = ["postings", "segments", *(f"embeddings_{number}" for number in dimensions)]
    book = "material_id = :material_id"
    return [
        text(f"DELETE FROM vectors.{table} WHERE {book}")  # noqa: S608 - names of ours  # nosec B608
        for table in tables
    ]


# MATERIALIZED: the planner takes `found` for a few rows and would count the course again for each.
_KEYWORD = f"""
    found AS (
        SELECT term, passage_ids, frequencies, lengths FROM vectors.postings
        WHERE course_id = ANY(CAST(:courses AS uuid[])) AND term = ANY(CAST(:terms AS int[]))
    ), rarity AS MATERIALIZED (
        SELECT term, sum(cardinality(passage_ids))::float8 AS df FROM found GROUP BY term
    ), course AS MATERIALIZED (
        SELECT sum(passages)::float8 AS n, sum(tokens)::float8 / nullif(sum(passages), 0) AS mean
        FROM vectors.segments WHERE course_id = ANY(CAST(:courses AS uuid[]))
    ), keyword AS (
        SELECT each.passage_id, sum(
            ln(1 + (n - df + 0.5) / (df + 0.5)) * tf * {K1 + 1}
            / (tf + {K1} * ({1 - B} + {B} * length / mean))
        ) AS score
        FROM found JOIN rarity USING (term) CROSS JOIN course
        CROSS JOIN LATERAL unnest(passage_ids, frequencies, lengths)
            AS each(passage_id, tf, length)
        GROUP BY each.passage_id ORDER BY score DESC, each.passage_id LIMIT :pool
    )"""  # noqa: S608 - numbers of ours  # nosec B608

# `<#>` is the negative inner product; vectors have length one, so this is the cosine.
_DENSE = """
    near AS MATERIALIZED (
        SELECT passage_id, embedding <#> CAST(:vector AS halfvec({n})) AS distance
        FROM vectors.embeddings_{n} WHERE course_id = ANY(CAST(:courses AS uuid[]))
        ORDER BY embedding <#> CAST(:vector AS halfvec({n})) LIMIT :pool
    ), dense AS (
        SELECT passage_id, -distance AS score FROM near
    )"""

_RANKED = (
    "SELECT passage_id, row_number() OVER (ORDER BY score DESC, passage_id) AS rank FROM {side}"
)
_FUSED = (
    "SELECT passage_id, sum(weight / ({k} + rank)) AS score FROM ("
    " SELECT passage_id, rank, 1.0 AS weight FROM ({keyword}) AS k"
    " UNION ALL SELECT passage_id, rank, CAST(:dense_weight AS numeric) FROM ({dense}) AS d"
    ") AS both_sides GROUP BY passage_id ORDER BY score DESC, passage_id LIMIT :limit"
)
_ALONE = "SELECT passage_id, score FROM {side} ORDER BY score DESC, passage_id LIMIT :limit"


@cache
def search(mode: SearchMode, dimensions: int) -> TextClause:
    """Rows of (passage_id, score): BM25, cosine or the fused score, best first."""
    dense = _DENSE.format(n=dimensions)
    match mode:
        case "keyword":
            return text(f"WITH {_KEYWORD} {_ALONE.format(side='keyword')}")
        case "dense":
            return text(f"WITH {dense} {_ALONE.format(side='dense')}")
        case "hybrid":
            fused = _FUSED.format(
                k=RRF_K,
                keyword=_RANKED.format(side="keyword"),
                dense=_RANKED.format(side="dense"),
            )
            return text(f"WITH {_KEYWORD}, {dense} {fused}")
