"""BM25 and fusion as `statements.py` has them in SQL, for an engine that leaves both to us."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from studium.adapters.vectors.statements import RRF_K
from studium.core.ports import Hit
from studium.core.terms import K1, B


def term_weight(frequency: int, length: int, mean: float) -> float:
    """What a term adds to a passage's score per unit of rarity; lengths in tokens."""
    return frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / mean))


@dataclass(frozen=True, slots=True)
class Rarity:
    """Of the question's terms among the passages of the courses asked."""

    idf: Mapping[int, float]
    mean: float
    """Tokens of a passage."""

    @classmethod
    def of(cls, passages: int, tokens: int, found: Mapping[int, int]) -> "Rarity":
        """`found`: term → passages that have it, at least one."""
        idf = {
            term: math.log(1 + (passages - count + 0.5) / (count + 0.5))
            for term, count in found.items()
        }
        return cls(idf, tokens / passages if tokens else 1.0)

    def score(self, frequencies: Mapping[int, int], length: int) -> float:
        return sum(
            self.idf[term] * term_weight(frequency, length, self.mean)
            for term, frequency in frequencies.items()
        )


def best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Equal scores by the passage's id, so that every engine answers in one order."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))[:limit]


def fuse(sides: Sequence[tuple[float, Sequence[Hit]]], limit: int) -> list[Hit]:
    """Reciprocal rank fusion of rankings, each with its weight."""
    scores: defaultdict[UUID, float] = defaultdict(float)
    for weight, ranked in sides:
        for rank, hit in enumerate(ranked, start=1):
            scores[hit.passage_id] += weight / (RRF_K + rank)
    return best((Hit(id_, score) for id_, score in scores.items()), limit)
