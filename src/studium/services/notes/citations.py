"""Every quote must stand on the page it names, before anybody sees it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from studium.core.text import fold
from studium.services.notes.contract import Citation, Draft, KeyTerm, Point

Cited = TypeVar("Cited", Point, KeyTerm)


def check(draft: Draft, pages: Mapping[int, str]) -> tuple[Draft, int]:
    """The draft with only what stands on its page, and how many citations were dropped.

    `pages`: 1-based page → text. A point or term without a citation is no note: it goes too.
    """
    folded = {page: fold(text) for page, text in pages.items()}
    points = [_checked(point, folded) for point in draft.points]
    terms = [_checked(term, folded) for term in draft.key_terms]
    before = _count(draft.points, draft.key_terms)
    dropped = before - _count(points, terms)
    checked = Draft(
        summary=draft.summary,
        points=tuple(point for point in points if point.citations),
        key_terms=tuple(term for term in terms if term.citations),
    )
    return checked, dropped


def _count(points: Sequence[Point], terms: Sequence[KeyTerm]) -> int:
    return sum(len(each.citations) for each in points) + sum(len(each.citations) for each in terms)


def _stands(citation: Citation, folded: Mapping[int, str]) -> bool:
    quote = fold(citation.quote)
    return bool(quote) and quote in folded.get(citation.page, "")


def _checked(cited: Cited, folded: Mapping[int, str]) -> Cited:
    standing = tuple(each for each in cited.citations if _stands(each, folded))
    return cited.model_copy(update={"citations": standing})
