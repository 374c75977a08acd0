"""Lines of a page to blocks of text in reading order: paragraphs, lists, code, tables, headings."""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from studium.services.library.contract import BlockKind
from studium.services.library.pdf import Line

NEAR_SIZE = 0.6
"""Points by which type of the running text may differ from the usual size."""
GAP = 1.4
"""A baseline step of more than this many usual ones parts two paragraphs."""
SAME_ROW = 2.0
INDENT = 5.0

_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | dict.fromkeys("\u00ad\u0002\ufffe\u200b\ufeff\x00", "")
)
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_COMPOUND = re.compile(r"\b[A-Za-zÀ-ÿ]+-[A-Za-zÀ-ÿ]+\b")
_LAST_WORD, _FIRST_WORD = re.compile(r"[A-Za-zÀ-ÿ]+$"), re.compile(r"^[A-Za-zÀ-ÿ]+")
_MARKER = re.compile(r"(?:[•◦▪‣∙·–—*]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S")
_CAPTION = re.compile(
    r"(?:Figure|Fig\.|Table|Listing|Example|Algorithm|Abbildung|Tabelle|图|表)\s*"
    r"[A-Z]?\d+(?:[.\-]\d+)*\s*[:.：]\s"
)
_LEADERS = re.compile(r"(?:\s?\.){4,}|(?:\s\.){3,}|…{2,}")
_SENTENCE_END = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*$")
_WORDY = re.compile(r"[A-Za-zÀ-ÿ]{3,}|[\u4e00-\u9fff]{2,}")
_MATHS = re.compile(r"[=+<>≤≥∑∏∫√∞±×÷≈∂∆µ∈∀∃→{}|^_\\\u0370-\u03ff\U0001d400-\U0001d7ff]")


@dataclass(frozen=True, slots=True)
class Style:
    """What is usual in a range of pages."""

    size: float
    """Of the running text, points."""
    step: float
    """From baseline to baseline, points."""
    width: float
    """Of a full line of the running text, points."""
    compounds: frozenset[str] = frozenset()
    """Words with a hyphen of their own, seen inside lines: at a line's end they keep it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    kind: BlockKind
    text: str
    top: float


def clean(text: str) -> str:
    """Ligatures parted, invisible characters dropped."""
    return text.translate(_LIGATURES)


def style_of(pages: Iterable[Sequence[Line]]) -> Style:
    """All positive, whatever a reader says of broken type."""
    sizes: Counter[float] = Counter()
    steps: Counter[float] = Counter()
    widths: Counter[float] = Counter()
    compounds: set[str] = set()
    for lines in pages:
        for line in lines:
            if (size := round(line.size, 1)) > 0:
                sizes[size] += len(line.text)
            compounds.update(match.lower() for match in _COMPOUND.findall(line.text))
        usual = sizes.most_common(1)[0][0] if sizes else 10.0
        for above, below in pairwise(lines):
            step = above.bottom - below.bottom
            if abs(below.size - usual) < NEAR_SIZE and 0.8 * usual < step < 2.5 * usual:
                steps[round(step * 2) / 2] += 1
        for line in lines:
            width = round((line.right - line.left) / 4) * 4
            if width > 0 and abs(line.size - usual) < NEAR_SIZE:
                widths[width] += len(line.text)
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    step = steps.most_common(1)[0][0] if steps else 1.2 * size
    full = widths.most_common(1)[0][0] if widths else 40 * size
    return Style(size, step, full, frozenset(compounds))


# ── reading order ─────────────────────────────────────────────────────────────────────────────
def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Where a page has two columns that the content stream mixes, the left one comes first;
    lines across both stay between what is above and below them.
    """
    gutter = _gutter(lines)
    if gutter is None or _flows_by_column(lines, gutter):
        return list(lines)
    ordered: list[Line] = []
    band: list[Line] = []
    for line in sorted(lines, key=lambda each: -each.top):
        if line.left < gutter < line.right:
            ordered += [*_by_column(band, gutter), line]
            band = []
        else:
            band.append(line)
    return ordered + _by_column(band, gutter)


def _gutter(lines: Sequence[Line]) -> float | None:
    """The x of the gap between two columns, None where there is one column."""
    if len(lines) < 12:  # noqa: PLR2004 - too few to tell a column from a table
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    middle = (left + right) / 2
    widths = {-1: 0.0, 0: 0.0, 1: 0.0}
    counts = {-1: 0, 0: 0, 1: 0}
    for line in lines:
        side = _side(line, middle)
        widths[side] += line.right - line.left
        counts[side] += 1
    full = all(
        counts[side] >= 0.25 * len(lines) and widths[side] > 0.3 * (right - left) * counts[side]
        for side in (-1, 1)
    )
    return middle if full and widths[0] < 0.3 * sum(widths.values()) else None


def _side(line: Line, x: float) -> int:
    if line.right <= x:
        return -1
    return 1 if line.left >= x else 0


def _flows_by_column(lines: Sequence[Line], gutter: float) -> bool:
    """The stream changes sides seldom: it already goes down one column, then the other."""
    sides = [side for line in lines if (side := _side(line, gutter))]
    changes = sum(1 for one, two in pairwise(sides) if one != two)
    return changes <= 3  # noqa: PLR2004 - head, left, right, foot


def _by_column(lines: Sequence[Line], gutter: float) -> list[Line]:
    left = [line for line in lines if _side(line, gutter) < 0]
    return left + [line for line in lines if _side(line, gutter) > 0]


# ── paragraphs ────────────────────────────────────────────────────────────────────────────────
def paragraphs(lines: Sequence[Line], style: Style) -> list[Paragraph]:
    groups: list[list[Line]] = []
    for line in reading_order(lines):
        if groups and _continues(groups[-1], line, style):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_paragraph(group, style) for group in groups]


def _continues(  # noqa: PLR0911 - each return is one rule, in the order they apply
    group: Sequence[Line], line: Line, style: Style
) -> bool:
    last = group[-1]
    if last.mended:
        return True
    step = last.bottom - line.bottom
    if abs(step) < SAME_ROW:
        return True
    if step < 0 or step > GAP * style.step * max(1.0, line.size / style.size):
        return False
    if line.mono != last.mono or abs(line.size - last.size) > 0.08 * style.size:
        return _is_insertion(last, line, style)
    if line.mono:
        return True
    if line.bold != last.bold and len(group) == 1 and last.bold:
        return False
    return not (_MARKER.match(line.text) or _ends_paragraph(group, line, style))


def _is_insertion(last: Line, line: Line, style: Style) -> bool:
    """A full line of prose whose middle happens to be code or a formula."""
    return (
        min(last.right - last.left, line.right - line.left) > 0.85 * style.width
        and last.mono != line.mono
        and abs(last.left - line.left) < INDENT
    )


def _ends_paragraph(group: Sequence[Line], line: Line, style: Style) -> bool:
    """The line before was short, or this one is indented while the one before was not."""
    last = group[-1]
    edge = max(each.right for each in (*group, line))
    short = last.right < edge - 0.12 * style.width
    indented = line.left > last.left + INDENT
    if len(group) == 1:
        return short and bool(_SENTENCE_END.search(last.text))
    hanging = _MARKER.match(group[0].text) is not None
    return (indented and not hanging) or (short and bool(_SENTENCE_END.search(last.text)))


def _paragraph(group: Sequence[Line], style: Style) -> Paragraph:
    kind = _kind(group, style)
    joined = _rows(group) if kind in {"code", "table", "formula"} else _joined(group, style)
    return Paragraph(kind, joined, group[0].top)


def _kind(  # noqa: PLR0911 - each return is one kind, the surest first
    group: Sequence[Line], style: Style
) -> BlockKind:
    text = " ".join(line.text for line in group)
    size = statistics.median(line.size for line in group)
    if _LEADERS.search(text):
        return "other"
    if sum(line.mono for line in group) > len(group) / 2:
        return "code"
    if _CAPTION.match(text) and len(group) <= 6:  # noqa: PLR2004 - longer ones are prose
        return "caption"
    if len(group) <= 3 and _is_heading(group, size, text, style):  # noqa: PLR2004
        return "heading"
    if size < 0.88 * style.size:
        return "other"  # footnotes, notes in the margin, text inside figures
    if _is_table(group):
        return "table"
    if _is_formula(text):
        return "formula"
    return "list" if _MARKER.match(text) else "prose"


def _is_heading(group: Sequence[Line], size: float, text: str, style: Style) -> bool:
    if text.endswith((".", ",", ";", ":", "。")) or len(text) > 160:  # noqa: PLR2004
        return False
    return size > 1.1 * style.size or all(line.bold for line in group)


def _is_table(group: Sequence[Line]) -> bool:
    """Cells stand beside each other on a row, more often than a fraction in a line explains."""
    beside = sum(
        1
        for one, two in pairwise(group)
        if abs(one.bottom - two.bottom) < SAME_ROW and two.left > one.right + one.size
    )
    return beside >= max(1, len(group) // 4)


def _is_formula(text: str) -> bool:
    if _CJK.search(text):
        return False
    words = _WORDY.findall(text)
    return len(words) < 4 and (  # noqa: PLR2004 - a sentence has more
        bool(_MATHS.search(text)) or sum(map(len, words)) < 0.5 * len(text)
    )


def _joined(group: Sequence[Line], style: Style) -> str:
    text = ""
    mended = True  # nothing stands before the first line
    for line in group:
        piece = " ".join(clean(line.text).split())
        text += _glue(text, piece, style, mended=mended) + piece
        mended = line.mended
    return text


def _glue(text: str, piece: str, style: Style, *, mended: bool) -> str:
    """What stands between two lines: a space, nothing, or a compound's own hyphen."""
    if not piece or not text:
        return ""
    if mended:
        last, first = _LAST_WORD.search(text), _FIRST_WORD.search(piece)
        compound = f"{last[0]}-{first[0]}".lower() if last and first else ""
        return "-" if compound in style.compounds else ""
    both_cjk = _CJK.match(text[-1]) and _CJK.match(piece[0])
    return "" if both_cjk else " "


def _rows(group: Sequence[Line]) -> str:
    rows: list[list[Line]] = []
    for line in group:
        if rows and abs(rows[-1][0].bottom - line.bottom) < SAME_ROW:
            rows[-1].append(line)
        else:
            rows.append([line])
    return "\n".join("  ".join(clean(cell.text) for cell in row) for row in rows)
