"""Sentences and quotes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.core.text import fold, sentences, stands_in


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "See Fig. 3 of Dr. Smith et al. It is red.",
            ["See Fig. 3 of Dr. Smith et al. It is red."],
        ),
        ("Use it, e.g. for 3.14 units. Then stop.", ["Use it, e.g. for 3.14 units.", "Then stop."]),
        ("J. R. Anderson wrote it. We read it.", ["J. R. Anderson wrote it.", "We read it."]),
        ('He said "Go." She went.', ['He said "Go."', "She went."]),
        ("记忆会衰退。练习能帮助记忆！好。", ["记忆会衰退。", "练习能帮助记忆！", "好。"]),
        ("1. The first step.", ["1. The first step."]),
        ("A heading\n\nA sentence.", ["A heading", "A sentence."]),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text(max_size=300))
def test_spans_are_ordered_disjoint_and_keep_every_letter(text: str) -> None:
    spans = sentences(text)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    assert "".join(text[a:b] for a, b in spans).split() == "".join(split(text)).split()
    covered = {at for start, end in spans for at in range(start, end)}
    assert all(text[at].isspace() for at in range(len(text)) if at not in covered)


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=100), st.data())
def test_a_whole_word_slice_stands_in_its_text(text: str, data: st.DataObject) -> None:
    words = text.split()
    if words:
        first = data.draw(st.integers(0, len(words) - 1))
        quote = " ".join(words[first : first + 3])
        assert not fold(quote) or stands_in(quote, text)


def test_typography_does_not_disturb_a_quote() -> None:
    page = "The “eﬃcient” reader’s ﬁrst page – 1885."
    assert stands_in('The "efficient" reader\'s first page - 1885.', page)
    assert not stands_in("The inefficient reader", page)
    assert not stands_in("  ", page)
