"""The sample book is what it promises, and anyone can build it."""

import sys
from importlib import import_module

import pypdfium2 as pdfium

from tests.conftest import ROOT

SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"


def test_the_same_sources_give_the_same_bytes() -> None:
    sys.path.insert(0, str(ROOT / "scripts" / "sample_book"))
    build = import_module("build")

    assert build.build() == SAMPLE.read_bytes()


def test_it_has_pages_outline_and_labels() -> None:
    document = pdfium.PdfDocument(SAMPLE)
    assert len(document) >= 24
    titles = [bookmark.get_title() for bookmark in document.get_toc()]
    assert {"2 Forgetting", "7.2 Reliability", "References"} <= set(titles)
    assert [document.get_page_label(at) for at in (0, 3, 4)] == ["i", "iv", "1"]
