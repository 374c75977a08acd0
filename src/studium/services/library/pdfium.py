"""pdfium's page as lines with their place and type; the only file that speaks pdfium.

A line is what the page shows: pdfium joins two of them at a mended hyphen (U+FFFE), they are
parted again here and `mended` says that no space stands between.
"""

import ctypes
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

import pypdfium2 as pdfium
from pypdfium2 import raw

from studium.services.library.book import OutlineEntry
from studium.services.library.pdf import Content, Line, UnreadableError, sane

ENCRYPTED = {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
MOST_ENTRIES, MOST_LABEL, MOST_TITLE = 10_000, 40, 300
"""A real book has fewer, and shorter ones."""

_BREAK = re.compile("\r\n|\r|\n|[\x02\ufffe]")
_MONO = re.compile(
    r"mono|courier|typewriter|cmtt|cmsltt|code|consol|lmtt|teletype|[a-z]tt\d", re.IGNORECASE
)
_BOLD = re.compile(r"bold|black|heavy|cmbx|semib|-bd|lmbx|sfbx", re.IGNORECASE)


class Pdfium:
    """`pdf.Pdf` by pdfium."""

    def __init__(self, content: Content) -> None:
        """Raises `UnreadableError`."""
        try:
            view = (ctypes.c_ubyte * len(content)).from_buffer(content)
            self._document = pdfium.PdfDocument(view)
        except pdfium.PdfiumError as error:
            raise UnreadableError(encrypted=error.err_code in ENCRYPTED) from error

    @cached_property
    def pages(self) -> int:
        return len(self._document)

    @property
    def title(self) -> str:
        return str(self._document.get_metadata_dict().get("Title", "")).strip()

    def labels(self) -> list[str]:
        """The printed label of each page, its number where there is none."""
        return [
            self._document.get_page_label(at)[:MOST_LABEL] or str(at + 1)
            for at in range(self.pages)
        ]

    def outline(self) -> list[OutlineEntry]:
        entries = []
        for bookmark in islice(self._document.get_toc(), MOST_ENTRIES):
            destination = bookmark.get_dest()
            index = destination.get_index() if destination else None
            title = " ".join((bookmark.get_title() or "").split())[:MOST_TITLE]
            if destination is None or index is None or not title:
                continue
            view = destination.get_view()[1]
            top = sane(float(view[1])) if len(view) > 1 and view[1] else None
            entries.append(OutlineEntry(level=bookmark.level, title=title, page=index + 1, top=top))
        return entries

    def size(self, number: int) -> tuple[float, float]:
        """Width and height of a 1-based page, in points."""
        width, height = self._document.get_page_size(number - 1)
        return sane(float(width)), sane(float(height))

    def lines(self, number: int) -> list[Line]:
        """The lines of a 1-based page in the order of its content stream."""
        page = self._document[number - 1]
        try:
            text_page = page.get_textpage()
            try:
                return list(_lines(text_page))
            finally:
                text_page.close()
        finally:
            page.close()


def _lines(text_page: pdfium.PdfTextPage) -> Iterator[Line]:
    whole = text_page.get_text_range()
    at = 0
    for match in [*_BREAK.finditer(whole), None]:
        end = match.start() if match else len(whole)
        text = whole[at:end]
        if text.strip():
            mended = match is not None and match.group() in "\x02\ufffe"
            yield _line(text_page.raw, text, at, mended)
        if match:
            at = match.end()


def _line(page: "raw.FPDF_TEXTPAGE", text: str, at: int, mended: bool) -> Line:
    first = at + len(text) - len(text.lstrip())
    last = at + len(text.rstrip()) - 1
    middle = (first + last) // 2
    start, end = _box(page, first), _box(page, last)
    fonts = [_font(page, at) for at in (first, middle, last)]
    return Line(
        text=text.strip(),
        left=sane(start[0]),
        right=sane(end[1]),
        bottom=sane(min(start[2], end[2])),
        top=sane(max(start[3], end[3])),
        # One character may be a symbol of another font; the middle of three is the line's.
        size=sorted(sane(_size(page, at)) for at in (first, middle, last))[1],
        mono=all(_MONO.search(font) for font in fonts[:2]),
        bold=all(_BOLD.search(font) for font in fonts),
        mended=mended,
    )


def _box(page: "raw.FPDF_TEXTPAGE", at: int) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a character's loose box: as high as its font, not its ink."""
    rectangle = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(page, at, ctypes.byref(rectangle))
    low, high = sorted((rectangle.bottom, rectangle.top))
    return rectangle.left, rectangle.right, low, high


def _size(page: "raw.FPDF_TEXTPAGE", at: int) -> float:
    """Points. A font of size 1 may be drawn by a matrix that makes it 10."""
    size = float(raw.FPDFText_GetFontSize(page, at))
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(page, at, ctypes.byref(matrix)):
        return size
    return size * (float((matrix.b**2 + matrix.d**2) ** 0.5) or 1.0)


def _font(page: "raw.FPDF_TEXTPAGE", at: int) -> str:
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    length = raw.FPDFText_GetFontInfo(page, at, buffer, len(buffer), ctypes.byref(flags))
    return buffer.raw[: max(0, min(length, len(buffer)) - 1)].decode("utf-8", "replace")
