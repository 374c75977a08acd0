"""Passages: contiguous, inside their section, about the right size."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from studium.services.library.book import Block, Mark, PageText
from studium.services.library.chunk import MOST_TOKENS, pack, tokens

sentence = st.builds(
    lambda words: " ".join(words).capitalize() + ".",
    st.lists(
        st.sampled_from(
            ["memory", "fades", "quickly", "unless", "practice", "keeps", "it", "alive"]
        ),
        min_size=3,
        max_size=30,
    ),
)


@st.composite
def books(draw: st.DrawFn) -> list[PageText]:
    pages, section = [], 0
    for number in range(1, draw(st.integers(1, 6)) + 1):
        text, blocks, marks = "", [], []
        for _ in range(draw(st.integers(0, 5))):
            paragraph = " ".join(draw(st.lists(sentence, min_size=1, max_size=6)))
            start = len(text) + (2 if text else 0)
            text += ("\n\n" if text else "") + paragraph
            blocks.append(Block(start, len(text), "prose"))
            if draw(st.booleans()) and draw(st.booleans()):
                section += 1
                marks.append(Mark(start, section))
        pages.append(PageText(number=number, text=text, blocks=tuple(blocks), marks=tuple(marks)))
    return pages


@given(books())
def test_passages_hold_every_word_once_and_in_order(pages: list[PageText]) -> None:
    whole = " ".join(page.text for page in pages).split()
    assert " ".join(each.text for each in pack(pages, 0)).split() == whole


@given(books())
def test_passages_neither_overlap_nor_cross_a_section(pages: list[PageText]) -> None:
    passages = pack(pages, 0)
    marks = [(page.number, mark.offset) for page in pages for mark in page.marks]
    for one, two in itertools.pairwise(passages):
        assert (one.page_to, one.end) <= (two.page_from, two.start)
        assert one.section_index <= two.section_index
    for each in passages:
        begins, ends = (each.page_from, each.start), (each.page_to, each.end)
        assert not any(begins < mark < ends for mark in marks)


@given(books())
def test_passages_are_no_larger_than_a_sentence_beyond_the_bound(pages: list[PageText]) -> None:
    assert all(tokens(each.text) <= MOST_TOKENS + 45 for each in pack(pages, 0))
