"""pdfium's page as lines with their place and type; the only file that speaks pdfium.

A line is what the page shows: pdfium joins two of them at a mended hyphen (U+FFFE), they are
parted again here and `mended` says that no space stands between.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
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
    page = _Characters(text_page.raw)
    at = 0
    for match in [*_BREAK.finditer(whole), None]:
        end = match.start() if match else len(whole)
        text = whole[at:end]
        if stripped := text.strip():
            mended = match is not None and match.group() in "\x02\ufffe"
            first = at + len(text) - len(text.lstrip())
            yield page.line(stripped, first, mended=mended)
        if match:
            at = match.end()


@lru_cache(maxsize=1024)
def _type(name: bytes) -> tuple[bool, bool]:
    """Whether a font of that name is a typewriter's, and whether it is bold."""
    font = name.decode("utf-8", "replace")
    return bool(_MONO.search(font)), bool(_BOLD.search(font))


class _Characters:
    """What pdfium says about the characters of a page. A page has hundreds of lines and each asks
    ten times, so what the answers are written to is made once.
    """

    def __init__(self, page: "raw.FPDF_TEXTPAGE") -> None:
        self._page = page
        self._rectangle, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._to_rectangle = ctypes.byref(self._rectangle)
        self._to_matrix = ctypes.byref(self._matrix)
        self._to_flags = ctypes.byref(ctypes.c_int())

    def line(self, text: str, first: int, *, mended: bool) -> Line:
        last = first + len(text) - 1
        middle = (first + last) // 2
        left, _, start_bottom, start_top = self._box(first)
        _, right, end_bottom, end_top = self._box(last)
        mono, bold = self._font(first)
        return Line(
            text=text,
            left=left,
            right=right,
            bottom=min(start_bottom, end_bottom),
            top=max(start_top, end_top),
            size=self._middle_size(first, middle, last),
            mono=mono and self._font(middle)[0],
            bold=bold and self._font(middle)[1] and self._font(last)[1],
            mended=mended,
        )

    def _middle_size(self, first: int, middle: int, last: int) -> float:
        """One character may be a symbol of another font; the middle of three sizes is the line's.
        Where two are the same, that is the one.
        """
        one, two = self._size(first), self._size(last)
        return one if one == two else sorted([one, self._size(middle), two])[1]

    def _box(self, at: int) -> tuple[float, float, float, float]:
        """Left, right, bottom, top of a character's loose box: as high as its font, not its ink."""
        box = self._rectangle
        box.left = box.right = box.bottom = box.top = 0.0
        raw.FPDFText_GetLooseCharBox(self._page, at, self._to_rectangle)
        low, high = sane(box.bottom), sane(box.top)
        return sane(box.left), sane(box.right), min(low, high), max(low, high)

    def _size(self, at: int) -> float:
        """Points. A font of size 1 may be drawn by a matrix that makes it 10."""
        size = raw.FPDFText_GetFontSize(self._page, at)
        if raw.FPDFText_GetMatrix(self._page, at, self._to_matrix):
            size *= math.hypot(self._matrix.b, self._matrix.d) or 1.0
        return sane(size)

    def _font(self, at: int) -> tuple[bool, bool]:
        name = self._name
        length = raw.FPDFText_GetFontInfo(self._page, at, name, len(name), self._to_flags)
        return _type(name.value) if 0 < length <= len(name) else (False, False)
