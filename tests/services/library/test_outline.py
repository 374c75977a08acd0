"""Sections partition a book; ranges cover it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.services.library.book import OutlineEntry
from studium.services.library.outline import kind_of, ranges, sections

entry = st.builds(
    OutlineEntry,
    level=st.integers(0, 3),
    title=st.text(min_size=1, max_size=10),
    page=st.integers(1, 90),
    top=st.none() | st.floats(0, 900),
)


@given(st.lists(entry, max_size=40), st.integers(1, 80))
def test_sections_partition_the_book_in_reading_order(
    entries: list[OutlineEntry], pages: int
) -> None:
    plan = sections(entries, [800.0] * pages, pages)
    assert [section.index for section in plan] == list(range(len(plan)))
    assert plan[0].first_page == 1
    assert plan[-1].last_page == pages
    for one, two in itertools.pairwise(plan):
        assert one.first_page <= two.first_page
        assert two.first_page - one.last_page in {0, 1} or one.last_page > two.first_page - 1


@given(st.lists(entry, max_size=40), st.integers(1, 300))
def test_ranges_cover_every_page_once(entries: list[OutlineEntry], pages: int) -> None:
    plan = ranges(sections(entries, [800.0] * pages, pages), pages)
    covered = [page for each in plan for page in range(each.first_page, each.last_page + 1)]
    assert covered == list(range(1, pages + 1))
    assert all(each.last_page - each.first_page < 40 for each in plan)


def test_a_long_chapter_is_split_at_its_sections() -> None:
    entries = [
        OutlineEntry(level=0, title="One", page=1),
        OutlineEntry(level=1, title="1.1", page=1, top=400),
        OutlineEntry(level=1, title="1.2", page=9, top=400),
        OutlineEntry(level=0, title="Two", page=20),
    ]
    plan = sections(entries, [800.0] * 24, 24)
    assert [(each.heading, each.first_page, each.last_page) for each in plan] == [
        ("1.1", 1, 9),
        ("1.2", 9, 19),
        ("Two", 20, 24),
    ]


def test_a_book_without_headings_has_sections_of_ten_pages() -> None:
    plan = sections([], [800.0] * 25, 25)
    assert [each.heading for each in plan] == ["Pages 1–10", "Pages 11–20", "Pages 21–25"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Contents", "contents"),
        ("List of Figures", "contents"),
        ("参考文献", "bibliography"),
        ("Index", "index"),
        ("Preface to the second edition", "front"),
        ("3 Indexes and how to make them", "body"),
    ],
)
def test_sections_that_no_notes_are_written_of(title: str, kind: str) -> None:
    assert kind_of(title) == kind
