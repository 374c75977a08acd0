"""The text of real books: the sample, the memoir manual, a Chinese book."""

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from studium.services.library import extract
from studium.services.library.book import BookPlan, PageText
from studium.services.library.pdf import mapped
from studium.services.library.pdfium import Pdfium
from tests.conftest import ROOT, SHARED

SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
TWO_COLUMNS = ROOT / "scripts" / "sample_book" / "two-views.typ"


def read(path: Path) -> tuple[BookPlan, dict[int, PageText]]:
    pdf = Pdfium(mapped(path))
    book = extract.plan(pdf)
    pages = [
        page
        for each in book.ranges
        for page in extract.read(pdf, each.first_page, each.last_page, book)
    ]
    return book, {page.number: page for page in pages}


@pytest.fixture(scope="module")
def sample() -> tuple[BookPlan, dict[int, PageText]]:
    return read(SAMPLE)


def shared_book(name: str) -> Path:
    path = SHARED / "books" / name
    if not path.exists():
        pytest.skip(f"the real book {name} is not here")
    return path


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def test_printed_labels_differ_from_pages(sample: tuple[BookPlan, dict[int, PageText]]) -> None:
    book, _ = sample
    assert (book.labels[3], book.labels[4]) == ("iv", "1")


def test_two_columns_are_read_one_after_the_other(
    sample: tuple[BookPlan, dict[int, PageText]],
) -> None:
    """≥ 95 % of adjacent line pairs stand in the order of the book's source."""
    _, pages = sample
    source = letters(re.sub(r"#\w+(\(.*?\))?", "", TWO_COLUMNS.read_text()))
    pairs, good = 0, 0
    for number in (24, 25):
        words = pages[number].text.split()
        lines = [letters("".join(words[at : at + 7])) for at in range(0, len(words) - 7, 7)]
        found = [source.find(line) for line in lines]
        for one, two in itertools.pairwise(found):
            pairs += 1
            good += 0 <= one < two
    assert pairs > 80
    assert good / pairs >= 0.95


def test_running_heads_and_folios_are_no_text(
    sample: tuple[BookPlan, dict[int, PageText]],
) -> None:
    _, pages = sample
    heads = [
        page.number
        for page in pages.values()
        if page.number > 4 and re.search(r"How Memory Learns", page.text)
    ]
    assert not heads


def test_kinds_of_blocks(sample: tuple[BookPlan, dict[int, PageText]]) -> None:
    _, pages = sample
    kinds = {number: Counter(block.kind for block in page.blocks) for number, page in pages.items()}
    assert kinds[15]["code"] >= 1
    assert kinds[9]["caption"] == 1
    assert any(block.kind == "list" for page in pages.values() for block in page.blocks)


def test_the_memoir_manual_is_read_whole() -> None:
    book, pages = read(shared_book("memoir-manual.pdf"))
    assert (book.pages, len(pages)) == (615, 615)
    assert not [page.number for page in pages.values() if page.failure]
    assert 100 <= sum(each.kind == "body" for each in book.sections) <= 250
    whole = "\n".join(page.text for page in pages.values())
    assert not re.findall(r"[\x02\ufffe\ufb00-\ufb06]", whole)
    assert "potential combinations of arguments and the corresponding" in whole


def test_chinese_lines_join_without_spaces() -> None:
    book, pages = read(shared_book("tex-impatient-zh.pdf"))
    assert book.language == "zh"
    prose = "\n".join(
        page.text[block.start : block.end]
        for page in pages.values()
        for block in page.blocks
        if block.kind == "prose"
    )
    inside = len(re.findall(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", prose))
    assert inside < 0.01 * len(re.findall(r"[\u4e00-\u9fff]", prose))
