"""What Studium needs of a vector index, on each engine: the keyword side is BM25, the hybrid is
fused by ranks, a segment is replaced as a whole, nothing leaves its organisation or its course.
"""

import math
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from subprocess import run
from uuid import uuid4

import pytest

from studium.adapters.embedded.processes import free_port
from studium.adapters.vectors import open_vectors
from studium.adapters.vectors.statements import RRF_K
from studium.core.errors import EngineUnavailableError
from studium.core.ports import SearchMode, Segment, VectorIndex
from studium.core.terms import K1, B, words
from studium.runtime.engines import Engines
from tests.ports.vectors import INDEXES, MODES, Shelf, opened

TEXTS = [
    "The forgetting curve falls steeply in the first hour after learning.",
    "Retrieval practice strengthens a memory more than reading does.",
    "Spaced repetition reviews an item at growing intervals, interval by interval.",
    "A compiler turns source code into machine code.",
    "Memory of a list fades; memory of a story fades more slowly than memory of syllables.",
]
QUERIES = ["memory fades", "growing intervals", "the forgetting of lists"]


@pytest.fixture(scope="module", params=INDEXES)
async def index(request: pytest.FixtureRequest, engines: Engines) -> AsyncIterator[VectorIndex]:
    async with opened(request.param, engines) as index:
        yield index


@pytest.fixture
async def shelf(index: VectorIndex, engines: Engines) -> Shelf:
    made = Shelf(index, engines.embedder)
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


@pytest.mark.parametrize("query", QUERIES)
async def test_keyword_scores_are_bm25(shelf: Shelf, query: str) -> None:
    found, expected = await shelf.ask(query), bm25(query)
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


@pytest.mark.parametrize("query", QUERIES)
async def test_dense_scores_are_cosines(shelf: Shelf, query: str) -> None:
    asked = (await shelf.embedder.embed([query]))[0]
    cosines = dict(zip(TEXTS, (await shelf.embedder.embed(TEXTS)) @ asked, strict=True))
    found = await shelf.ask(query, "dense")
    assert {text for text, _ in found} == set(TEXTS)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    # One engine keeps vectors of half precision.
    assert dict(found) == pytest.approx(cosines, abs=2e-3)


@pytest.mark.parametrize("query", QUERIES)
async def test_hybrid_scores_are_reciprocal_ranks(shelf: Shelf, query: str) -> None:
    expected: defaultdict[str, float] = defaultdict(float)
    for rank, (text, _) in enumerate(await shelf.ask(query, "keyword"), start=1):
        expected[text] += 1 / (RRF_K + rank)
    for rank, (text, _) in enumerate(await shelf.ask(query, "dense"), start=1):
        expected[text] += shelf.embedder.fusion_weight / (RRF_K + rank)
    assert dict(await shelf.ask(query, "hybrid")) == pytest.approx(expected)


async def test_dense_and_hybrid_find_what_is_meant(shelf: Shelf) -> None:
    assert (await shelf.ask("forgetting curve", "dense"))[0][0] == TEXTS[0]
    assert (await shelf.ask("forgetting curve", "hybrid"))[0][0] == TEXTS[0]
    assert {text for text, _ in await shelf.ask("memory", "hybrid")} == set(TEXTS)


async def test_no_word_of_the_query_no_keyword_hit(shelf: Shelf) -> None:
    assert await shelf.ask("photosynthesis") == []
    assert await shelf.ask("the of and") == []


@pytest.mark.parametrize("mode", MODES)
async def test_no_more_than_the_limit(shelf: Shelf, mode: SearchMode) -> None:
    assert len(await shelf.hits("memory", mode, limit=2)) == 2


@pytest.mark.parametrize("mode", MODES)
async def test_other_courses_and_organisations_stay_apart(shelf: Shelf, mode: SearchMode) -> None:
    stranger = Shelf(shelf.index, shelf.embedder)
    await stranger.put(["Memory of another organisation."])
    place = shelf.segment
    neighbour = Shelf(
        shelf.index, shelf.embedder, Segment(place.organisation_id, uuid4(), uuid4(), 0)
    )
    await neighbour.put(["Memory of another course."])
    found = await shelf.hits("memory", mode, (place.course_id, stranger.segment.course_id))
    assert found
    assert {hit.passage_id for hit in found} <= set(shelf.texts)
    both = await shelf.hits("memory", mode, (place.course_id, neighbour.segment.course_id))
    assert {hit.passage_id for hit in both} > {hit.passage_id for hit in found}
    assert await neighbour.ask("memory", mode)


async def test_rarity_is_of_the_courses_asked(shelf: Shelf) -> None:
    """A neighbour full of the question's word changes no score, until it is asked too."""
    neighbour = Shelf(
        shelf.index, shelf.embedder, Segment(shelf.segment.organisation_id, uuid4(), uuid4(), 0)
    )
    before = await shelf.ask("memory fades")
    await neighbour.put(["memory " * n for n in range(1, 20)])
    assert await shelf.ask("memory fades") == before
    courses = (shelf.segment.course_id, neighbour.segment.course_id)
    mixed = {hit.passage_id: hit.score for hit in await shelf.hits("fades", courses=courses)}
    assert min(mixed.values()) > max(score for _, score in await shelf.ask("fades"))


async def test_a_segment_is_replaced_as_a_whole(shelf: Shelf) -> None:
    await shelf.put(["Only this remains of memory."])
    for mode in MODES:
        assert [text for text, _ in await shelf.ask("memory", mode)] == [
            "Only this remains of memory."
        ]


async def test_each_side_is_replaced_alone(shelf: Shelf) -> None:
    """Passages that are read again keep their vectors, and take on their new words."""
    kept, *gone = shelf.texts
    everything = dict(shelf.texts)
    shelf.texts = {kept: "Photosynthesis feeds a plant."}
    await shelf.put_keywords()
    assert [hit.passage_id for hit in await shelf.hits("photosynthesis")] == [kept]
    assert await shelf.hits("memory") == []
    assert {hit.passage_id for hit in await shelf.hits("memory", "dense")} == set(everything)
    shelf.texts = {kept: "the of and"}
    await shelf.put_vectors()
    assert [hit.passage_id for hit in await shelf.hits("memory", "dense")] == [kept]
    assert [hit.passage_id for hit in await shelf.hits("photosynthesis")] == [kept]
    assert gone


async def test_a_passage_without_words_counts_and_is_found_by_meaning_alone(shelf: Shelf) -> None:
    await shelf.put(["Memory fades.", "the of and"])
    found = await shelf.ask("memory")
    assert [text for text, _ in found] == ["Memory fades."]
    idf, mean = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5)), 1.0
    assert found[0][1] == pytest.approx(idf * (K1 + 1) / (1 + K1 * (1 - B + B * 2 / mean)))
    assert len(await shelf.ask("memory", "dense")) == 2


async def test_other_segments_of_the_book_stay(shelf: Shelf) -> None:
    place = shelf.segment
    second = Shelf(
        shelf.index,
        shelf.embedder,
        Segment(place.organisation_id, place.course_id, place.material_id, 1),
    )
    await second.put(["Memory in the second part."])
    await shelf.put([])
    for mode in MODES:
        assert [hit.passage_id for hit in await shelf.hits("memory", mode)] == list(second.texts)


async def test_a_deleted_material_is_found_no_more(shelf: Shelf) -> None:
    place = shelf.segment
    await shelf.index.delete_material(uuid4(), place.material_id)
    assert await shelf.ask("memory", "hybrid")
    await shelf.index.delete_material(place.organisation_id, place.material_id)
    for mode in MODES:
        assert await shelf.ask("memory", mode) == []


async def test_other_dimensions_are_refused(index: VectorIndex, shelf: Shelf) -> None:
    three = (await shelf.embedder.embed(["memory"]))[:, :3]
    with pytest.raises(ValueError, match="3 dimensions"):
        await index.put_vectors(shelf.segment, [uuid4()], three)


async def test_it_is_there(index: VectorIndex) -> None:
    await index.ping()


async def test_a_server_out_of_reach_is_said_so(engines: Engines) -> None:
    url = f"qdrant:http://127.0.0.1:{free_port()}"
    index = open_vectors(url, engines.courses, engines.embedder)
    shelf = Shelf(index, engines.embedder, texts={uuid4(): "Memory."})
    with pytest.raises(EngineUnavailableError):
        await index.ping()
    with pytest.raises(EngineUnavailableError):
        await shelf.hits("memory", "hybrid")
    with pytest.raises(EngineUnavailableError):
        await shelf.put_keywords()
    await index.close()


@pytest.mark.parametrize("url", ["milvus:", "qdrant:host:6333"])
def test_an_unknown_address_is_refused(url: str, engines: Engines) -> None:
    with pytest.raises(ValueError, match="vectors: "):
        open_vectors(url, engines.courses, engines.embedder)


def test_only_who_uses_qdrant_imports_its_client() -> None:
    look = "import sys, studium.bootstrap; sys.exit('qdrant_client' in sys.modules)"
    assert run([sys.executable, "-c", look], check=False).returncode == 0
