"""Which sentences carry a section: TextRank with a prior, then choice against repetition.

Graph centrality after Mihalcea & Tarau, "TextRank: Bringing Order into Texts" (EMNLP 2004), on
cosine similarity of tf-idf vectors; choice by maximal marginal relevance (Carbonell & Goldstein,
SIGIR 1998).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studium.core.terms import words

Matrix = npt.NDArray[np.float64]
DAMPING, ROUNDS = 0.85, 40
NOVELTY = 0.3
"""How much likeness to a chosen sentence counts against a candidate."""
TOO_ALIKE = 0.6


def similarities(sentences: Sequence[str]) -> Matrix:
    """Cosine of tf-idf vectors, shape (n, n), with a zero diagonal."""
    counted = [Counter(words(sentence)) for sentence in sentences]
    documents = Counter(word for counts in counted for word in counts)
    columns = {word: at for at, word in enumerate(documents)}
    matrix = np.zeros((len(sentences), max(1, len(columns))))
    for row, counts in enumerate(counted):
        for word, count in counts.items():
            rarity = np.log(1 + len(sentences) / documents[word])
            matrix[row, columns[word]] = (1 + np.log(count)) * rarity
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.maximum(lengths, 1e-12)
    alike = matrix @ matrix.T
    np.fill_diagonal(alike, 0)
    return alike


def overlaps(sentences: Sequence[str]) -> Matrix:
    """Share of common words (Jaccard), shape (n, n): finds repetition where every word is common
    to the section and tf-idf sees none.
    """
    sets = [set(words(sentence)) for sentence in sentences]
    shared = np.zeros((len(sets), len(sets)))
    for at, one in enumerate(sets):
        for beyond, two in enumerate(sets[at + 1 :], at + 1):
            shared[at, beyond] = shared[beyond, at] = len(one & two) / max(1, len(one | two))
    return shared


def centrality(alike: Matrix, prior: Matrix) -> Matrix:
    """TextRank scores that sum to one; `prior` is where the random walk starts anew."""
    start = prior / prior.sum()
    sums = alike.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, alike / np.maximum(sums, 1e-12), start)
    scores = start.copy()
    for _ in range(ROUNDS):
        scores = (1 - DAMPING) * start + DAMPING * (scores @ steps)
    return np.asarray(scores)


def chosen(scores: Matrix, alike: Matrix, most: int) -> list[int]:
    """Indexes of the best sentences that do not repeat each other, in reading order."""
    scaled = scores / max(float(scores.max()), 1e-12)
    taken: list[int] = []
    left = {at for at in range(len(scores)) if scores[at] > 0}
    while left and len(taken) < most:
        worth = {
            at: (1 - NOVELTY) * scaled[at] - NOVELTY * _nearest(alike, at, taken) for at in left
        }
        best = max(left, key=lambda at: (worth[at], -at))
        left.discard(best)
        if _nearest(alike, best, taken) < TOO_ALIKE:
            taken.append(best)
    return sorted(taken)


def _nearest(alike: Matrix, at: int, taken: Sequence[int]) -> float:
    return max((float(alike[at, other]) for other in taken), default=0.0)
