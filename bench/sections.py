"""Sections of a PDF as the notes read them, without a database: for evaluations."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from studium.services.library import chunk, extract
from studium.services.library.book import PageText
from studium.services.library.contract import (
    SectionSource,
    SectionView,
    SourceBlock,
    SourcePassage,
)
from studium.services.library.pdf import mapped
from studium.services.library.pdfium import Pdfium

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
MEMOIR = ROOT.parent / "shared" / "books" / "memoir-manual.pdf"


def sections(path: Path) -> Iterator[tuple[SectionSource, dict[int, str]]]:
    """Each body section with the texts of its pages."""
    pdf = Pdfium(mapped(path))
    book = extract.plan(pdf)
    pages: dict[int, PageText] = {}
    passages = []
    for each in book.ranges:
        read = extract.read(pdf, each.first_page, each.last_page, book)
        pages |= {page.number: page for page in read}
        passages += chunk.pack(read, chunk.open_section(each.first_page, book.sections))
    organisation, course, material = uuid4(), uuid4(), uuid4()
    for plan in book.sections:
        if plan.kind != "body":
            continue
        source = SectionSource(
            organisation_id=organisation,
            course_id=course,
            material_id=material,
            material_title=book.title,
            version=1,
            language=book.language,
            section=SectionView.model_validate(plan.model_dump()),
            blocks=(),
            passages=tuple(
                SourcePassage(
                    id=uuid4(),
                    page_from=each.page_from,
                    page_to=each.page_to,
                    start=each.start,
                    end=each.end,
                )
                for each in passages
                if each.section_index == plan.index
            ),
        )
        span = range(plan.first_page, plan.last_page + 1)
        blocks = tuple(
            SourceBlock(
                page=number,
                start=block.start,
                kind=block.kind,
                text=pages[number].text[block.start : block.end],
            )
            for number in span
            for block in pages[number].blocks
            if source.passage_at(number, block.start)
        )
        yield (
            source.model_copy(update={"blocks": blocks}),
            {number: pages[number].text for number in span},
        )
