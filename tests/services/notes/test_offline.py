"""Notes without a model: what is picked, and what never is."""

from uuid import uuid4

import pytest

from studium.services.library.contract import (
    BlockKind,
    SectionSource,
    SectionView,
    SourceBlock,
    SourcePassage,
)
from studium.services.notes import citations, offline
from studium.services.notes.contract import Draft
from studium.services.notes.keyterms import defined_term
from studium.services.notes.standalone import stands_alone, without_opener


def source(*blocks: tuple[BlockKind, str], language: str = "en") -> SectionSource:
    made, offset = [], 0
    for kind, text in blocks:
        made.append(SourceBlock(page=1, start=offset, kind=kind, text=text))
        offset += len(text) + 2
    whole = SourcePassage(id=uuid4(), page_from=1, page_to=1, start=0, end=offset)
    section = SectionView(
        index=0, heading="Forgetting", path=("Forgetting",), level=0, first_page=1, last_page=1
    )
    return SectionSource(
        organisation_id=uuid4(),
        course_id=uuid4(),
        material_id=uuid4(),
        material_title="Memory",
        version=1,
        language=language,
        section=section,
        blocks=tuple(made),
        passages=(whole,),
    )


PROSE = (
    "The forgetting curve is a graph of retention against the time since learning. "
    "Retention falls steeply in the first hour and more slowly after the first day. "
    "This was shown by him in the following table. "
    "However, spaced repetition slows the forgetting of a memory with every single review. "
    "Interference is the disturbance of one memory by another similar memory. "
    "Why do people forget what they have learned with so much effort? "
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Retention falls steeply in the first hour and more slowly after the first day.",
        "A table should have at least two columns, otherwise it is really a list.",
        "遗忘曲线描述了学习之后记忆随着时间推移而逐渐下降的过程。",
    ],
)
def test_a_sentence_that_stands_alone(sentence: str) -> None:
    assert stands_alone(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This is the most important result of the whole series of experiments.",
        "It falls steeply in the first hour and more slowly after the first day.",
        "The result is shown in Table 3, which lists all values of the parameters.",
        "As noted above the width of the page must equal the sum of the margins.",
        "I like this style and have used it in most of my own documents.",
        "Why do people forget what they have learned with so much effort?",
        "Use \\setlrmargins{0.8in}{*}{*} to set the margins of the page you make.",
        "and the width of the typeblock must equal the width of the page.",
        "Too short to say much.",
        "Memory is often pictured as a place, which the next sentence calls misleading.",
        "The second group, on the other hand (which had read it twice, did worse.",
        "这就是我们在上面看到的那一种遗忘曲线的形状和它的意义。",
    ],
)
def test_a_sentence_that_leans_on_others(sentence: str) -> None:
    assert not stands_alone(sentence)


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("The forgetting curve is a graph of retention against time.", "forgetting curve"),
        ("Storage strength is a measure of how well an item is learned.", "Storage strength"),
        ("A group of elements bound together is called a chunk.", "chunk"),
        ("Metacognition refers to knowledge about knowledge.", "Metacognition"),
        ("遗忘曲线是指记忆保持量随时间变化的曲线。", "遗忘曲线"),
        ("The reason is a lack of sleep in the days before.", None),
        ("This is a test of the machine and its parts.", None),
        ("A higher level means more work for everybody.", None),
        ("The style is the same as the default.", None),
    ],
)
def test_terms_that_sentences_define(sentence: str, term: str | None) -> None:
    assert defined_term(sentence) == term


def test_points_and_terms_quote_the_page_verbatim() -> None:
    section = source(("prose", PROSE))
    draft = offline.write(section)
    assert {each.term for each in draft.key_terms} == {"forgetting curve", "Interference"}
    checked, dropped = citations.check(draft, {1: PROSE})
    assert (checked, dropped) == (draft, 0)


def test_a_leading_connective_is_cut_from_the_point_and_kept_in_the_quote() -> None:
    points = offline.write(source(("prose", PROSE))).points
    spaced = next(each for each in points if "paced repetition" in each.text)
    assert spaced.text.startswith("Spaced repetition slows")
    assert spaced.citations[0].quote.startswith("However, spaced repetition slows")
    assert without_opener("However, it works.") == "It works."


def test_code_tables_headings_and_captions_are_never_quoted() -> None:
    sentence = "The loss of a memory is slower after every successful review of the item."
    section = source(
        ("heading", sentence), ("code", sentence), ("table", sentence), ("caption", sentence)
    )
    assert offline.write(section) == Draft()


def test_sentences_that_repeat_each_other_are_picked_once() -> None:
    again = " ".join(
        f"Retention falls very steeply in the first hour after the learning of list {name}."
        for name in ("alpha", "beta", "gamma", "delta")
    )
    assert len(offline.write(source(("prose", again))).points) == 1


def test_a_chinese_section_gives_points() -> None:
    text = (
        "遗忘曲线描述了学习之后记忆随着时间推移而逐渐下降的过程。"
        "间隔重复能够明显减慢记忆内容在长时间之后的丢失速度。"
        "提取练习比反复阅读同一段课文更能够巩固长期记忆。"
    )
    assert len(offline.write(source(("prose", text), language="zh")).points) == 3


def test_longer_sections_give_more_points_up_to_a_bound() -> None:
    roots = [one + two for one in ("bal", "cor", "dem", "fal", "gor") for two in ("an", "ek", "im")]
    sentences = [
        f"The {roots[at % 15]}{at}ion of the {roots[(at * 4) % 15]}{at}ness depends on a"
        f" {roots[(at * 7) % 15]}{at}ment and reduces the {roots[(at * 11) % 15]}{at}ity."
        for at in range(150)
    ]
    few = offline.write(source(("prose", " ".join(sentences[:40])))).points
    more = offline.write(source(("prose", " ".join(sentences)))).points
    assert 3 <= len(few) < len(more) <= offline.MOST_POINTS
