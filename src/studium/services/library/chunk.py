"""Pages to passages: the units of retrieval and citation.

Sentences are packed to about 200 tokens; a passage never crosses a section or a page range, and
the passages of a section lie side by side without a gap.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studium.core.text import sentences
from studium.services.library.book import PageText, PassageText, SectionPlan

TARGET_TOKENS, MOST_TOKENS, FEWEST_TOKENS = 200, 260, 40
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence (or a block that has none) on one page."""

    section: int
    page: int
    start: int
    end: int
    text: str
    tokens: int


class _Packed(NamedTuple):
    pieces: list[_Piece]
    tokens: int


def tokens(text: str) -> int:
    """About what a word-piece tokenizer counts."""
    return len(_TOKEN.findall(text))


def pack(pages: Sequence[PageText], section: int) -> list[PassageText]:
    """`section`: the one that is open where the first page starts."""
    passages: list[_Packed] = []
    group: list[_Piece] = []
    size = 0
    for piece in _pieces(pages, section):
        if group and (piece.section != group[0].section or size + piece.tokens > MOST_TOKENS):
            passages.append(_Packed(group, size))
            group, size = [], 0
        group.append(piece)
        size += piece.tokens
        if size >= TARGET_TOKENS:
            passages.append(_Packed(group, size))
            group, size = [], 0
    if group:
        passages.append(_Packed(group, size))
    return [_passage(each.pieces) for each in _without_tails(passages)]


def _pieces(pages: Sequence[PageText], section: int) -> Iterator[_Piece]:
    for page in pages:
        marks = {mark.offset: mark.section for mark in page.marks}
        for block in page.blocks:
            section = _open_section(marks, block.start, section)
            text = page.text[block.start : block.end]
            for start, end in sentences(text) or [(0, len(text))]:
                piece = text[start:end]
                yield _Piece(
                    section,
                    page.number,
                    block.start + start,
                    block.start + end,
                    piece,
                    tokens(piece),
                )
        section = max([section, *marks.values()])


def _open_section(marks: dict[int, int], offset: int, section: int) -> int:
    started = [index for start, index in marks.items() if start <= offset]
    return max([section, *started])


def _passage(group: Sequence[_Piece]) -> PassageText:
    first, last = group[0], group[-1]
    return PassageText(
        section_index=first.section,
        page_from=first.page,
        page_to=last.page,
        start=first.start,
        end=last.end,
        text=" ".join(piece.text for piece in group),
    )


def _without_tails(passages: list[_Packed]) -> list[_Packed]:
    """A small rest joins the passage before it, in the same section."""
    kept: list[_Packed] = []
    for passage in passages:
        before = kept[-1] if kept else None
        if (
            before
            and before.pieces[0].section == passage.pieces[0].section
            and passage.tokens < FEWEST_TOKENS
        ):
            kept[-1] = _Packed([*before.pieces, *passage.pieces], before.tokens + passage.tokens)
        else:
            kept.append(passage)
    return kept


def open_section(first_page: int, sections: Sequence[SectionPlan]) -> int:
    """The section that is open where a page starts: the last that began before it."""
    begun = [each.index for each in sections if each.first_page < first_page]
    return max(begun, default=0)
