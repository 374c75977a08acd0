"""What readers say of a page may be nonsense: sizes of zero, places beyond the page, lines at the
same place. Something is made of it all the same.
"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from studium.services.library.headings import detected
from studium.services.library.layout import paragraphs, style_of
from studium.services.library.pdf import FARTHEST, Line

PLACES = st.one_of(
    st.sampled_from([0.0, 0.04, 72.0, 500.0]), st.floats(-FARTHEST, FARTHEST, allow_nan=False)
)
LINES = st.builds(
    Line,
    text=st.text(min_size=1, max_size=40).filter(str.strip),
    left=PLACES,
    right=PLACES,
    bottom=PLACES,
    top=PLACES,
    size=PLACES,
    mono=st.booleans(),
    bold=st.booleans(),
    mended=st.booleans(),
)


@given(st.lists(st.lists(LINES, max_size=8), max_size=3))
def test_any_lines_become_paragraphs(pages: Sequence[Sequence[Line]]) -> None:
    style = style_of(pages)
    assert style.size > 0
    assert style.step > 0
    assert style.width > 0
    for page in pages:
        assert bool(paragraphs(page, style)) == bool(page)
    detected(dict(enumerate(pages, 1)))


def test_type_without_a_size_does_not_decide_what_is_usual() -> None:
    """Found by the fuzzer: the second reader says 0 of a font that it cannot read."""
    lines = [
        Line("Lost " * 20, 72, 500, 700 - 12 * row, 712 - 12 * row, size, False, False, False)
        for row, size in enumerate([0.0, 0.04, 10.0])
    ]
    assert style_of([lines]).size == 10.0
    assert style_of([lines[:2]]).size > 0
    assert paragraphs(lines, style_of([lines]))
