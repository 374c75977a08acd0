"""Search: the keyword side is BM25, the hybrid is fused by ranks, nothing leaves its course."""

import math
from collections import defaultdict
from uuid import UUID, uuid4

import pytest

from studium.core.ports import IndexedPassage, Question, SearchMode, Segment
from studium.core.terms import K1, B, words
from studium.runtime.engines import Engines
from tests.services.conftest import Person

TEXTS = [
    "The forgetting curve falls steeply in the first hour after learning.",
    "Retrieval practice strengthens a memory more than reading does.",
    "Spaced repetition reviews an item at growing intervals, interval by interval.",
    "A compiler turns source code into machine code.",
    "Memory of a list fades; memory of a story fades more slowly than memory of syllables.",
]


class Shelf:
    """Some texts in the index, in an organisation and a course of their own."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.segment = Segment(uuid4(), uuid4(), uuid4(), 0)
        self.texts: dict[UUID, str] = {}

    async def put(self, texts: list[str]) -> None:
        self.texts = {uuid4(): text for text in texts}
        found = [IndexedPassage(id_, text) for id_, text in self.texts.items()]
        await self.engines.vectors.put_keywords(self.segment, found)
        vectors = await self.engines.embedder.embed(texts)
        await self.engines.vectors.put_vectors(self.segment, list(self.texts), vectors)

    async def ask(
        self, text: str, mode: SearchMode = "keyword", courses: tuple[UUID, ...] = ()
    ) -> list[tuple[str, float]]:
        question = Question(
            organisation_id=self.segment.organisation_id,
            course_ids=courses or (self.segment.course_id,),
            text=text,
            vector=await self.engines.embedder.embed([text]),
            mode=mode,
        )
        hits = await self.engines.vectors.search(question)
        return [(self.texts[hit.passage_id], hit.score) for hit in hits]


@pytest.fixture
async def shelf(engines: Engines) -> Shelf:
    made = Shelf(engines)
    await made.put(TEXTS)
    return made


def bm25(query: str) -> list[tuple[str, float]]:
    """Robertson & Zaragoza (2009), written down a second time."""
    split = [words(text) for text in TEXTS]
    mean = sum(map(len, split)) / len(split)
    scores: defaultdict[str, float] = defaultdict(float)
    for word in set(words(query)):
        df = sum(word in each for each in split)
        idf = math.log(1 + (len(split) - df + 0.5) / (df + 0.5))
        for text, each in zip(TEXTS, split, strict=True):
            tf = each.count(word)
            if tf:
                norm = K1 * (1 - B + B * len(each) / mean)
                scores[text] += idf * tf * (K1 + 1) / (tf + norm)
    return sorted(scores.items(), key=lambda pair: -pair[1])


@pytest.mark.parametrize("query", ["memory fades", "growing intervals", "the forgetting of lists"])
async def test_keyword_scores_are_bm25(shelf: Shelf, query: str) -> None:
    found, expected = await shelf.ask(query), bm25(query)
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


async def test_dense_and_hybrid_find_what_is_meant(shelf: Shelf) -> None:
    assert (await shelf.ask("forgetting curve", "dense"))[0][0] == TEXTS[0]
    assert (await shelf.ask("forgetting curve", "hybrid"))[0][0] == TEXTS[0]
    assert {text for text, _ in await shelf.ask("memory", "hybrid")} == set(TEXTS)


async def test_no_word_of_the_query_no_keyword_hit(shelf: Shelf) -> None:
    assert await shelf.ask("photosynthesis") == []
    assert await shelf.ask("the of and") == []


@pytest.mark.parametrize("mode", ["keyword", "dense", "hybrid"])
async def test_other_courses_and_organisations_stay_apart(
    engines: Engines, shelf: Shelf, mode: SearchMode
) -> None:
    other = Shelf(engines)
    await other.put(["Memory of another organisation."])
    asked_for_both = (shelf.segment.course_id, other.segment.course_id)
    found = await shelf.ask("memory", mode, asked_for_both)
    assert found
    assert {text for text, _ in found} <= set(TEXTS)


async def test_a_segment_is_replaced_as_a_whole(shelf: Shelf) -> None:
    await shelf.put(["Only this remains of memory."])
    for mode in ("keyword", "dense", "hybrid"):
        assert [text for text, _ in await shelf.ask("memory", mode)] == [
            "Only this remains of memory."
        ]


async def test_a_deleted_material_is_found_no_more(engines: Engines, shelf: Shelf) -> None:
    place = shelf.segment
    await engines.vectors.delete_material(place.organisation_id, place.material_id)
    assert await shelf.ask("memory", "hybrid") == []


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=" + "x" * 501, "?q=a&mode=magic", "?q=a&limit=51"]
)
async def test_a_bad_question_says_what_is_wrong(ada: Person, query: str) -> None:
    course = await ada.course()
    answer = await ada.api.get(f"/v1/courses/{course['id']}/search{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"q", "mode", "limit"}
