"""Each hostile file ends in a true receipt or in a refusal that says what to do."""

from pathlib import Path

import pytest

from studium.services.library.book import PageText
from studium.services.library.child import Limits, UnreadableFileError, plan_book, read_range
from tests.hostile.corpus import FILES, MIB
from tests.hostile.memory import Watched

LIMITS = Limits(cpu_seconds=15, wall_seconds=60)
ADVICE = ("upload", "Split")
KNOWN = "The forgetting curve"


async def outcome(path: Path) -> list[PageText] | str:
    """The pages, or the words of the refusal."""
    try:
        book = await plan_book(path, LIMITS)
    except UnreadableFileError as refusal:
        return refusal.detail
    assert sum(each.last_page - each.first_page + 1 for each in book.ranges) == book.pages
    return [
        page
        for each in book.ranges
        for page in await read_range(path, each.first_page, each.last_page, book, LIMITS)
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FILES)
async def test_a_true_receipt_or_a_refusal_that_says_what_to_do(name: str, tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(FILES[name].make())
    with Watched() as memory:
        found = await outcome(path)
    assert memory.grown < 40 * MIB, "the parent pays for a hostile file"
    assert 0 < memory.child < LIMITS.memory_bytes
    if isinstance(found, str):
        assert FILES[name].end in {"refused", "either"}, found
        assert any(word in found for word in ADVICE), found
        return
    assert FILES[name].end in {"read", "either"}
    assert [page.number for page in found] == list(range(1, len(found) + 1))
    assert not [page for page in found if page.text and page.failure]
    assert all("\x00" not in page.text for page in found), "PostgreSQL takes no NUL"
    "".join(page.text for page in found).encode()  # and no half of a surrogate pair
    if FILES[name].end == "read":
        assert any(page.text for page in found), "the good part is kept"


@pytest.mark.timeout(300)
async def test_what_is_left_of_a_book_is_read_as_it_was(tmp_path: Path) -> None:
    """A book that was cut off near its end gives the pages before the cut."""
    path = tmp_path / "book.pdf"
    path.write_bytes(FILES["cut at 10/11"].make())
    found = await outcome(path)
    assert not isinstance(found, str)
    assert any(KNOWN in page.text for page in found)


async def test_a_page_that_is_not_there_costs_itself(tmp_path: Path) -> None:
    """The outline and the other pages stay; found by the fuzzer."""
    path = tmp_path / "book.pdf"
    path.write_bytes(FILES["page that is not there"].make())
    book = await plan_book(path, LIMITS)
    assert [section.heading for section in book.sections] == ["Memory"]
    good, missing = await read_range(path, 1, 2, book, LIMITS)
    assert KNOWN in good.text
    assert missing.failure
