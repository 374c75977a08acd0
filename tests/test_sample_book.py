"""The sample book is what it promises, and anyone can build it."""

import json
import re
import sys
from importlib import import_module
from itertools import pairwise
from typing import Any

import pypdfium2 as pdfium
import pytest
import typst

from tests.conftest import ROOT

SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
SOURCES = ROOT / "scripts" / "sample_book"
TRUTH = json.loads((SOURCES / "facts.json").read_text())
SOURCE_OF_PAGE = {24: "two-views.typ", 25: "two-views.typ", 27: "back-matter.typ"}


def page_text(document: Any, page: int) -> str:
    """One page as one line; pdfium writes U+0002 where a word was broken at a line's end."""
    text = document[page - 1].get_textpage().get_text_bounded()
    return re.sub(r"\s+", " ", text.replace("\x02", ""))


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@pytest.fixture(scope="module")
def document() -> Any:
    return pdfium.PdfDocument(SAMPLE)


def test_the_same_sources_give_the_same_bytes() -> None:
    sys.path.insert(0, str(SOURCES))
    build = import_module("build")

    assert build.build() == SAMPLE.read_bytes()


def test_it_is_set_without_a_warning() -> None:
    compiler = typst.Compiler(SOURCES / "book.typ", root=SOURCES, ignore_system_fonts=True)
    _, warnings = compiler.compile_with_warnings()

    assert warnings == []


def test_it_has_pages_outline_and_labels(document: Any) -> None:
    assert len(document) >= 24
    titles = [bookmark.get_title() for bookmark in document.get_toc()]
    assert {"2 Forgetting", "7.2 Reliability", "References"} <= set(titles)
    assert [document.get_page_label(at) for at in (0, 3, 4)] == ["i", "iv", "1"]


def test_the_ground_truth_is_large_enough() -> None:
    questions = [fact["question"] for fact in TRUTH["facts"]]
    assert len(set(questions)) == len(questions) >= 30
    assert len({fact["pdf_page"] for fact in TRUTH["facts"]}) >= 15


@pytest.mark.parametrize("fact", TRUTH["facts"], ids=lambda fact: fact["question"])
def test_the_answer_stands_on_the_page_it_names(document: Any, fact: dict[str, Any]) -> None:
    assert fact["quote"] in page_text(document, fact["pdf_page"])
    assert fact["printed_label"] == document.get_page_label(fact["pdf_page"] - 1)


@pytest.mark.parametrize("page", TRUTH["two_column_pages"], ids=lambda page: page["page"])
def test_the_true_line_order_is_that_of_the_source(page: dict[str, Any]) -> None:
    source = (SOURCES / SOURCE_OF_PAGE[page["page"]]).read_text()
    source = source.replace("#definition", "").replace("'", "’")
    assert letters("".join(page["lines"])) in letters(source)


@pytest.mark.parametrize("page", TRUTH["two_column_pages"], ids=lambda page: page["page"])
def test_the_pages_are_set_in_two_columns(document: Any, page: dict[str, Any]) -> None:
    text = document[page["page"] - 1].get_textpage()
    sides = [text.get_rect(at)[::2] for at in range(text.count_rects())]
    middle = document[page["page"] - 1].get_width() / 2
    assert sum(right < middle for _, right in sides) >= 15
    assert sum(left > middle for left, _ in sides) >= 15


@pytest.mark.parametrize("page", TRUTH["two_column_pages"], ids=lambda page: page["page"])
def test_the_pdf_keeps_its_columns_in_order(document: Any, page: dict[str, Any]) -> None:
    text = letters(page_text(document, page["page"]))
    found = [text.find(letters(line)) for line in page["lines"]]
    in_order = [0 <= one < two for one, two in pairwise(found)]
    assert sum(in_order) / len(in_order) >= 0.95
