"""From a PDF to a plan of the book and to the text of its pages. Runs in a child process."""

from collections.abc import Iterator, Sequence
from typing import Literal

from studium.core.text import fold
from studium.services.library import headings, language, outline
from studium.services.library.book import Block, BookPlan, Mark, PageText, SectionPlan
from studium.services.library.layout import Paragraph, paragraphs, style_of
from studium.services.library.margins import unnumbered, without_margins
from studium.services.library.pdf import Line, Pdf

HEADER_BYTES = 1024
SAMPLED_PAGES = 12
MAX_PAGE_CHARACTERS = 200_000
NEAR = 30.0
"""Points between an outline's destination and its heading on the page."""


def looks_like_pdf(head: bytes) -> bool:
    """Readers accept a header within the first 1024 bytes (ISO 32000-2, annex I)."""
    return b"%PDF-" in head[:HEADER_BYTES]


# ── plan ──────────────────────────────────────────────────────────────────────────────────────
Look = Literal["pages", "tables", "count"]
"""How much of a file is looked at: all of it; outline and labels but no page; how many pages."""


def plan(pdf: Pdf, look: Look = "pages") -> BookPlan:
    """Where there is no outline, headings are looked for on the pages."""
    numbers = range(1, pdf.pages + 1)
    entries = pdf.outline() if look != "count" else []
    if not entries and look == "pages":
        entries = headings.detected(dict(_readable(pdf, numbers)))
    heights = [_height(pdf, number) for number in numbers] if entries else []
    sections = outline.sections(entries, heights, pdf.pages)
    return BookPlan(
        pages=pdf.pages,
        title=_title(pdf.title) if look != "count" else "",
        language=language.guess(_sample(pdf) if look == "pages" else ""),
        labels=tuple(pdf.labels() if look != "count" else map(str, numbers)),
        sections=sections,
        ranges=outline.ranges(sections, pdf.pages),
    )


def _height(pdf: Pdf, number: int) -> float:
    """Points; 0 where the page cannot be loaded."""
    try:
        return pdf.size(number)[1]
    except Exception:  # noqa: BLE001 - a bad page is reported when it is read
        return 0.0


def has_text(pdf: Pdf) -> bool:
    """Whether any page can be read and holds a line."""
    return any(lines for _, lines in _readable(pdf, range(1, pdf.pages + 1)))


def _title(title: str) -> str:
    """Metadata titles are often a file name or a program's remark; those do not count."""
    bad = ("untitled", "microsoft word", ".doc", ".tex", ".dvi", ".indd", ".pdf")
    return "" if any(each in title.lower() for each in bad) else title[:200]


def _readable(pdf: Pdf, numbers: Sequence[int]) -> Iterator[tuple[int, list[Line]]]:
    for number in numbers:
        try:
            yield number, pdf.lines(number)
        except Exception:  # noqa: BLE001, S112 - reported when it is read  # nosec B112
            continue


def _sample(pdf: Pdf) -> str:
    step = max(1, pdf.pages // SAMPLED_PAGES)
    pages = _readable(pdf, range(1, pdf.pages + 1, step))
    return "\n".join(line.text for _, lines in pages for line in lines)


# ── read ──────────────────────────────────────────────────────────────────────────────────────
def read(pdf: Pdf, first: int, last: int, book: BookPlan) -> list[PageText]:
    """Pages [first, last]; one that cannot be read carries its reason."""
    lines: dict[int, list[Line]] = {}
    failures: dict[int, str] = {}
    for number in range(first, last + 1):
        try:
            lines[number] = pdf.lines(number)
        except Exception as error:  # noqa: BLE001 - whatever the page does, the others are read
            failures[number] = f"The page is damaged ({type(error).__name__})."
    style = style_of(lines.values())
    titles = frozenset(
        unnumbered(fold(title).lower())
        for title in {book.title, *(title for each in book.sections for title in each.path)}
    )
    bodies = without_margins(lines, book.labels, titles, style)
    return [
        _page(number, paragraphs(bodies[number], style), book.sections)
        if number in bodies
        else PageText(number=number, failure=failures[number])
        for number in range(first, last + 1)
    ]


def _page(number: int, found: Sequence[Paragraph], sections: Sequence[SectionPlan]) -> PageText:
    text = ""
    blocks: list[Block] = []
    for paragraph in found:
        if not paragraph.text.strip():
            continue
        start = len(text) + (2 if text else 0)
        text += ("\n\n" if text else "") + paragraph.text
        blocks.append(Block(start, len(text), paragraph.kind))
    if len(text) > MAX_PAGE_CHARACTERS:
        return PageText(number=number, failure="The page holds more text than a page can.")
    kept = [paragraph for paragraph in found if paragraph.text.strip()]
    marks = tuple(_marks(number, kept, blocks, sections))
    return PageText(number=number, text=text, blocks=tuple(blocks), marks=marks)


def _marks(
    number: int,
    found: Sequence[Paragraph],
    blocks: Sequence[Block],
    sections: Sequence[SectionPlan],
) -> Iterator[Mark]:
    """Where on this page sections start; the order of the offsets is that of the sections."""
    offset = 0
    for section in sections:
        if section.first_page != number:
            continue
        offset = max(offset, _offset(section, found, blocks))
        yield Mark(offset, section.index)


def _offset(section: SectionPlan, found: Sequence[Paragraph], blocks: Sequence[Block]) -> int:
    if section.top is None or not blocks:
        return 0
    wanted = fold(section.heading).lower()
    near = [
        (block.start, paragraph)
        for block, paragraph in zip(blocks, found, strict=True)
        if paragraph.top <= section.top + NEAR
    ]
    for start, paragraph in near:
        if wanted in fold(paragraph.text).lower() and len(paragraph.text) < len(wanted) + 40:
            return start
    return next((start for start, _ in near), blocks[-1].end)
