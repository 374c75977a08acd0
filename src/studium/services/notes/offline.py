"""Notes without a model: the sentences of a section that carry it and can stand alone."""

import asyncio
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from studium.core.terms import words as terms_of
from studium.core.text import sentences
from studium.services.library.contract import SectionSource, SourceBlock
from studium.services.notes import salience
from studium.services.notes.contract import Citation, Draft, KeyTerm, Point
from studium.services.notes.keyterms import defined_term, definitions
from studium.services.notes.standalone import is_cjk, stands_alone, without_opener, words

WORDS_A_POINT = 140
FEWEST_POINTS, MOST_POINTS, MOST_TERMS = 3, 12, 8
CJK_WORDS = 1.6
"""Characters that say about as much as one word."""
# By how much a sentence counts more, or less, in the prior of the ranking.
DEFINES, IN_HEADING, OPENS_BLOCK = 1.6, 1.5, 1.25
ADDRESSES_READER, VAGUE, SHORT = 0.3, 0.5, 0.6
FULL_LENGTH = 12
"""Words; a shorter sentence tends to say the obvious."""
WORTH = 0.25
"""A point is worth at least this share of the best one, or it is left out."""
_VAGUE = re.compile(
    r"\b(?:various|certain|also|sometimes|perhaps|several|somewhat|quite|rather|etc|as with)\b"
    r"|^Some\b|^There (?:is|are)\b",
    re.IGNORECASE,
)
_ADDRESSES_READER = re.compile(r"\b(?:you|your|hopefully|please|try)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A sentence of the section that may become a point."""

    block: SourceBlock
    start: int
    end: int
    opens: bool

    @cached_property
    def quote(self) -> str:
        return self.block.text[self.start : self.end]

    @cached_property
    def text(self) -> str:
        return without_opener(self.quote)


class OfflineWriter:
    """`contract.NoteWriter`; in a thread, for the ranking is numpy's work and short."""

    @property
    def generator(self) -> str:
        return "extracted, no AI model"

    async def write(self, source: SectionSource) -> Draft:
        return await asyncio.to_thread(write, source)


def write(source: SectionSource) -> Draft:
    found = candidates(source)
    if not found:
        return Draft()
    texts = [candidate.text for candidate in found]
    alike = salience.similarities(texts)
    terms = definitions(texts)[:MOST_TERMS]
    prior = _prior(found, source)
    scores = salience.centrality(alike, prior) * prior
    scores[[each.sentence for each in terms]] = 0  # a definition is shown once, as one
    scores[scores < WORTH * scores.max()] = 0
    repeating = np.maximum(alike, salience.overlaps(texts))
    picked = salience.chosen(scores, repeating, _how_many(source))
    return Draft(
        points=tuple(
            Point(text=found[at].text, citations=_cite(source, found[at])) for at in picked
        ),
        key_terms=tuple(
            KeyTerm(
                term=each.term,
                definition=found[each.sentence].text,
                citations=_cite(source, found[each.sentence]),
            )
            for each in terms
        ),
    )


def candidates(source: SectionSource) -> list[Candidate]:
    """Sentences of prose and lists that can stand alone, in reading order, each once."""
    seen: set[str] = set()
    found = []
    for block in source.blocks:
        if block.kind not in {"prose", "list"}:
            continue
        for position, (start, end) in enumerate(sentences(block.text)):
            candidate = Candidate(block, start, end, position == 0)
            if candidate.text not in seen and stands_alone(candidate.text):
                seen.add(candidate.text)
                found.append(candidate)
    return found


def _prior(found: list[Candidate], source: SectionSource) -> salience.Matrix:
    heading = set(terms_of(" ".join(source.section.path)))
    prior = np.ones(len(found))
    for at, candidate in enumerate(found):
        if defined_term(candidate.text):
            prior[at] *= DEFINES
        if heading & set(terms_of(candidate.text)):
            prior[at] *= IN_HEADING
        if candidate.opens:
            prior[at] *= OPENS_BLOCK
        if _ADDRESSES_READER.search(candidate.text):
            prior[at] *= ADDRESSES_READER
        if _VAGUE.search(candidate.text):
            prior[at] *= VAGUE
        if not is_cjk(candidate.text) and words(candidate.text) < FULL_LENGTH:
            prior[at] *= SHORT
    return prior


def _how_many(source: SectionSource) -> int:
    prose = [block.text for block in source.blocks if block.kind in {"prose", "list"}]
    length = sum(len(text) / CJK_WORDS if is_cjk(text) else words(text) for text in prose)
    return min(MOST_POINTS, max(FEWEST_POINTS, round(length / WORDS_A_POINT)))


def _cite(source: SectionSource, candidate: Candidate) -> tuple[Citation, ...]:
    block = candidate.block
    passage = source.passage_at(block.page, block.start + candidate.start)
    if passage is None:
        return ()
    return (Citation(passage_id=passage, page=block.page, quote=candidate.quote),)
