"""PostgreSQL and Qdrant find the same: of real text, over several organisations, in each mode."""

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pypdfium2 as pdfium
import pytest

from bench.eval_retrieval import CRANFIELD, documents, questions
from studium.core.ports import Hit, SearchMode, VectorIndex
from studium.runtime.engines import Engines
from tests.conftest import ROOT
from tests.ports.vectors import MODES, QDRANTS, Shelf, opened

TOP = 10
LEAST_OVERLAP = 0.9
SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
ORGANISATIONS = 3
PASSAGES = 500
"""Of all organisations together: the client's own index is made for no more than a thousand."""
WORDS_OF_A_PASSAGE = 60
QUESTIONS = 24


@dataclass(frozen=True)
class Both:
    """The same passages, with the same ids, in PostgreSQL and in Qdrant; an organisation each."""

    pairs: list[tuple[Shelf, Shelf]]
    questions: list[str]

    async def overlap(self, mode: SearchMode) -> float:
        """Mean share of PostgreSQL's top ten that Qdrant's has too."""
        shares = []
        for first, (postgres, qdrant) in enumerate(self.pairs):
            # Each organisation has questions of its own: the small index scans for every count.
            for question in self.questions[first::ORGANISATIONS]:
                expected = _ids(await postgres.hits(question, mode, limit=TOP))
                found = _ids(await qdrant.hits(question, mode, limit=TOP))
                assert found <= set(qdrant.texts)
                shares.append(len(found & expected) / max(len(expected), len(found)))
        assert len(shares) == QUESTIONS
        return sum(shares) / len(shares)


def _ids(hits: list[Hit]) -> set[object]:
    return {hit.passage_id for hit in hits}


def sample_book() -> tuple[list[str], list[str]]:
    """Windows of the committed book, and its sentences as questions."""
    document = pdfium.PdfDocument(SAMPLE)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    text = re.sub(r"\s+", " ", " ".join(pages).replace("\x02", ""))
    found = text.split()
    windows = [
        " ".join(found[at : at + WORDS_OF_A_PASSAGE])
        for at in range(0, len(found), WORDS_OF_A_PASSAGE // 3)
    ]
    sentences = [each for each in re.split(r"(?<=[.?!]) ", text) if 40 < len(each) < 120]
    return windows[:PASSAGES], sentences[:: max(1, len(sentences) // QUESTIONS)][:QUESTIONS]


def cranfield() -> tuple[list[str], list[str]]:
    if not CRANFIELD.exists():
        pytest.skip("the Cranfield collection is not here")
    return list(itertools.islice(documents().values(), PASSAGES)), questions()[:QUESTIONS]


async def shelved(
    texts: list[str], engines: Engines, indexes: tuple[VectorIndex, VectorIndex]
) -> tuple[Shelf, Shelf]:
    first, second = (Shelf(index, engines.embedder) for index in indexes)
    await first.put(texts)
    second.segment, second.texts = first.segment, first.texts
    await second.put_keywords()
    await second.put_vectors()
    return first, second


@pytest.fixture(scope="module", params=QDRANTS)
async def indexes(
    request: pytest.FixtureRequest, engines: Engines
) -> AsyncIterator[tuple[VectorIndex, VectorIndex]]:
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(opened("pgvector", engines)),
            await stack.enter_async_context(opened(request.param, engines)),
        )


@pytest.fixture(scope="module", params=[sample_book, cranfield])
async def both(
    request: pytest.FixtureRequest,
    engines: Engines,
    indexes: tuple[VectorIndex, VectorIndex],
) -> AsyncIterator[Both]:
    texts, questions = request.param()
    dealt = [texts[first::ORGANISATIONS] for first in range(ORGANISATIONS)]
    both = Both([await shelved(each, engines, indexes) for each in dealt], questions)
    yield both
    for shelf in itertools.chain.from_iterable(both.pairs):
        place = shelf.segment
        await shelf.index.delete_material(place.organisation_id, place.material_id)


@pytest.mark.parametrize("mode", MODES)
async def test_the_top_ten_are_the_same(both: Both, mode: SearchMode) -> None:
    overlap = await both.overlap(mode)
    print(f"{mode}: {overlap:.4f}")  # noqa: T201 - shown by pytest -s
    assert overlap >= LEAST_OVERLAP
