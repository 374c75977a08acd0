"""A passage as a point of Qdrant: what is kept, and which points are meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from qdrant_client import models

from studium.adapters.vectors.ranking import term_weight
from studium.core.ports import IndexedPassage, Segment, Vectors
from studium.core.terms import postings

KEYWORD, DENSE = "keyword", "dense"
USUAL_LENGTH = 100.0
"""Tokens of a passage that the kept weights take for the mean: good enough to choose candidates by;
they are scored with the true mean of the courses asked.
"""
KEYWORD_PAYLOAD = ("length", "terms", "frequencies")


@dataclass(frozen=True, slots=True)
class KeywordSide:
    """Of one passage. A passage without any term has no vector, and counts as a passage."""

    passage_id: str
    vector: dict[str, Any]
    payload: dict[str, Any]


def keyword_sides(passages: Sequence[IndexedPassage]) -> list[KeywordSide]:
    return [_keyword_side(each) for each in passages]


def _keyword_side(passage: IndexedPassage) -> KeywordSide:
    found = postings(passage.text)
    weights = {
        index_of(term): term_weight(count, found.length, USUAL_LENGTH)
        for term, count in found.terms.items()
    }
    sparse = models.SparseVector(indices=list(weights), values=list(weights.values()))
    payload = {
        "length": found.length,
        "terms": list(weights),
        "frequencies": {str(index_of(term)): count for term, count in found.terms.items()},
    }
    return KeywordSide(str(passage.passage_id), {KEYWORD: sparse} if weights else {}, payload)


def dense_sides(passage_ids: Sequence[UUID], vectors: Vectors) -> list[models.PointVectors]:
    return [
        models.PointVectors(id=str(id_), vector={DENSE: vector})
        for id_, vector in zip(passage_ids, vectors.tolist(), strict=True)
    ]


def index_of(term: int) -> int:
    """Terms are signed 32-bit numbers, a sparse vector's indices unsigned ones."""
    return term & 0xFFFF_FFFF


def frequencies_of(payload: Mapping[str, Any]) -> dict[int, int]:
    return {int(index): int(count) for index, count in payload.get("frequencies", {}).items()}


def place_of(segment: Segment) -> dict[str, Any]:
    return {
        "organisation": str(segment.organisation_id),
        "course": str(segment.course_id),
        "material": str(segment.material_id),
        "segment": segment.number,
    }


# ── which points ──────────────────────────────────────────────────────────────────────────────
def is_one_of(key: str, values: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))


def equals(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def within(organisation_id: UUID, course_ids: Sequence[UUID]) -> list[models.Condition]:
    """The one place that keeps a question inside its organisation and its courses."""
    courses = [str(each) for each in course_ids]
    return [equals("organisation", str(organisation_id)), is_one_of("course", courses)]


def others(segment: Segment, passage_ids: Sequence[str]) -> models.Filter:
    """Points of the segment but for these passages."""
    here: list[models.Condition] = [equals(key, value) for key, value in place_of(segment).items()]
    return models.Filter(must=here, must_not=[models.HasIdCondition(has_id=list(passage_ids))])


def empty(segment: Segment) -> models.Filter:
    """Points of the segment that have lost both sides."""
    here: list[models.Condition] = [equals(key, value) for key, value in place_of(segment).items()]
    no_keywords = models.IsEmptyCondition(is_empty=models.PayloadField(key="length"))
    return models.Filter(
        must=[*here, no_keywords], must_not=[models.HasVectorCondition(has_vector=DENSE)]
    )
