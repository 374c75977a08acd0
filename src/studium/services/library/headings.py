"""An outline for books that bring none: headings found by their type size and their numbers."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from studium.services.library.book import OutlineEntry
from studium.services.library.layout import clean, style_of
from studium.services.library.pdf import Line

LARGER = 1.25
FEWEST, DEEPEST = 3, 2
_CHAPTER = re.compile(
    r"(?:chapter|part|kapitel|chapitre|第)\s*[\divxlc一二三四五六七八九十百]+", re.IGNORECASE
)
_NUMBER = re.compile(r"(\d+(?:\.\d+){0,2})\.?\s+\S")


def detected(pages: Mapping[int, Sequence[Line]]) -> list[OutlineEntry]:
    """Nothing where fewer than three headings show: then they are no structure."""
    usual = style_of(pages.values()).size
    candidates = [
        (number, line)
        for number, lines in sorted(pages.items())
        for line in lines
        if _stands_out(line, usual)
    ]
    levels = _levels(candidates, len(pages))
    found = [
        OutlineEntry(level=level, title=_title(line), page=number, top=line.top)
        for number, line in candidates
        if (level := levels.get(round(line.size))) is not None
    ]
    return found if len(found) >= FEWEST else []


def _stands_out(line: Line, usual: float) -> bool:
    text = clean(line.text)
    letters = sum(character.isalpha() for character in text)
    wordy = 3 <= len(text) <= 100 and letters > len(text) / 2  # noqa: PLR2004
    numbered = line.bold and _NUMBER.match(text) is not None
    chapter = _CHAPTER.match(text) is not None and line.size > usual
    return wordy and not line.mono and (line.size >= LARGER * usual or numbered or chapter)


def _levels(candidates: Sequence[tuple[int, Line]], pages: int) -> dict[int, int]:
    """Size → level. A size that stands once is a title page, one on every page a decoration."""
    counts = Counter(round(line.size) for _, line in candidates)
    sizes = [size for size, count in counts.items() if 1 < count <= 3 * pages]
    return {size: level for level, size in enumerate(sorted(sizes, reverse=True)[:DEEPEST])}


def _title(line: Line) -> str:
    return " ".join(clean(line.text).split())
