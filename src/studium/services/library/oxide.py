"""The second reader, for files that pdfium refuses; the only file that speaks pdf-oxide.

It rebuilds a lost cross-reference table by looking for the objects themselves, so it reads what is
left of a file that was cut off.
"""

from itertools import islice
from typing import Any

import pdf_oxide

from studium.services.library.book import OutlineEntry
from studium.services.library.pdf import Content, Line, UnreadableError, sane

MOST_ENTRIES = 10_000
pdf_oxide.disable_logging()


class Oxide:
    """`pdf.Pdf` by pdf-oxide, without printed labels."""

    def __init__(self, content: Content) -> None:
        """Raises `UnreadableError`."""
        try:
            self._document = pdf_oxide.PdfDocument.from_bytes(bytes(content))
            self.pages = int(self._document.page_count)
        except Exception as error:
            raise UnreadableError(encrypted="ncrypt" in str(error)) from error

    @property
    def title(self) -> str:
        return ""

    def labels(self) -> list[str]:
        return [str(number) for number in range(1, self.pages + 1)]

    def outline(self) -> list[OutlineEntry]:
        """Empty where it cannot be read: what matters here are the pages."""
        try:
            entries = self._document.get_outline() or ()
        except RuntimeError:
            return []
        return list(islice(_flat(entries, 0), MOST_ENTRIES))

    def size(self, number: int) -> tuple[float, float]:
        left, bottom, right, top = self._document.page_media_box(number - 1)
        return sane(right - left), sane(top - bottom)

    def lines(self, number: int) -> list[Line]:
        return [
            _line(each)
            for each in self._document.extract_text_lines(number - 1)
            if each.text.strip() and each.words
        ]


def _flat(entries: Any, level: int) -> Any:
    for entry in entries:
        title = " ".join((entry["title"] or "").split())
        if title and entry["page"] is not None:
            yield OutlineEntry(level=level, title=title, page=entry["page"] + 1)
        yield from _flat(entry["children"], level + 1)


def _line(found: Any) -> Line:
    left, bottom, width, height = map(sane, found.bbox)
    return Line(
        text=found.text.strip(),
        left=left,
        right=left + width,
        bottom=bottom,
        top=bottom + height,
        size=sorted(sane(word.font_size) for word in found.words)[len(found.words) // 2],
        mono=all("mono" in word.font_name.lower() for word in found.words),
        bold=all(word.is_bold for word in found.words),
        mended=False,
    )
