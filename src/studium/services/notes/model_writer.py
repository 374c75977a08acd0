"""Notes by a language model: it may say only what it quotes, and each quote is checked later."""

import re
from dataclasses import dataclass

from pydantic import BaseModel, Field

from studium.core.ports import LanguageModel
from studium.core.text import fold
from studium.services.library.contract import SectionSource, SourceBlock
from studium.services.notes.contract import Citation, Draft, KeyTerm, Point
from studium.services.notes.prompt import INSTRUCTIONS, section_prompt

CHARACTERS_A_CALL = 24_000
"""About 6,000 tokens of text: small enough for local models, and a long section is several."""


class WrittenPoint(BaseModel):
    text: str = Field(max_length=600)
    quotes: list[str] = Field(min_length=1, max_length=3)


class WrittenTerm(BaseModel):
    term: str = Field(max_length=80)
    definition: str = Field(max_length=400)
    quote: str


class WrittenNotes(BaseModel):
    """What the model answers; every quote verbatim from the text it was given."""

    summary: str = Field(max_length=1200)
    points: list[WrittenPoint] = Field(max_length=12)
    key_terms: list[WrittenTerm] = Field(default_factory=list, max_length=10)


@dataclass(frozen=True, slots=True)
class ModelWriter:
    """`contract.NoteWriter`. Raises `EngineUnavailableError` when the provider fails."""

    model: LanguageModel

    @property
    def generator(self) -> str:
        return self.model.name

    async def write(self, source: SectionSource) -> Draft:
        drafts = [
            self._draft(source, await self._ask(source, part)) for part in _parts(source.blocks)
        ]
        return Draft(
            summary=" ".join(draft.summary for draft in drafts if draft.summary),
            points=tuple(point for draft in drafts for point in draft.points),
            key_terms=tuple(term for draft in drafts for term in draft.key_terms),
        )

    async def _ask(self, source: SectionSource, blocks: list[SourceBlock]) -> WrittenNotes:
        prompt = section_prompt(source, blocks)
        return await self.model.answer(INSTRUCTIONS, prompt, WrittenNotes)

    def _draft(self, source: SectionSource, written: WrittenNotes) -> Draft:
        """A quote that is found nowhere keeps an impossible page, so that the check counts it."""
        return Draft(
            summary=written.summary,
            points=tuple(
                Point(
                    text=each.text,
                    citations=tuple(_cite(source, quote) for quote in each.quotes),
                )
                for each in written.points
            ),
            key_terms=tuple(
                KeyTerm(
                    term=each.term,
                    definition=each.definition,
                    citations=(_cite(source, each.quote),),
                )
                for each in written.key_terms
            ),
        )


def _parts(blocks: tuple[SourceBlock, ...]) -> list[list[SourceBlock]]:
    parts: list[list[SourceBlock]] = []
    room = 0
    for block in blocks:
        if len(block.text) > room or not parts:
            parts.append([])
            room = CHARACTERS_A_CALL
        parts[-1].append(block)
        room -= len(block.text)
    return parts


def _cite(source: SectionSource, quote: str) -> Citation:
    wanted = fold(quote)
    for block in source.blocks:
        if wanted and wanted in fold(block.text):
            offset = _offset(block.text, quote)
            passage = source.passage_at(block.page, block.start + offset)
            if passage:
                return Citation(passage_id=passage, page=block.page, quote=quote)
    return Citation(passage_id=source.material_id, page=0, quote=quote)


def _offset(text: str, quote: str) -> int:
    """Where the quote's first words stand; typography may differ further on."""
    first = re.split(r"\s+", quote.strip())[:3]
    match = re.search(r"\s+".join(map(re.escape, first)), text)
    return match.start() if match else 0
