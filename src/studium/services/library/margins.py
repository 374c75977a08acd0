"""Running heads and feet: the lines of a page that belong to no paragraph."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from studium.core.text import fold
from studium.services.library.layout import Style, clean
from studium.services.library.pdf import Line

REPEATED = 3
EDGE = 2
"""How many lines at each edge of a page may be a running head."""
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)


def without_margins(
    pages: Mapping[int, Sequence[Line]],
    labels: Sequence[str],
    titles: frozenset[str],
    style: Style,
) -> dict[int, list[Line]]:
    """`titles`: of the outline, folded and in lower case: heads often repeat them."""
    repeated = _repeated(pages.values())
    return {
        number: _body(lines, labels[number - 1], titles, repeated, style)
        for number, lines in pages.items()
    }


def _shape(line: Line) -> str:
    return _DIGITS.sub("#", fold(clean(line.text)).lower())


def _repeated(pages: Iterable[Sequence[Line]]) -> frozenset[str]:
    """Shapes that stand at the edge of several pages: a number counts as any other."""
    seen: Counter[str] = Counter()
    for lines in pages:
        ordered = _by_height(lines)
        seen.update({_shape(line) for line in (*ordered[:EDGE], *ordered[-EDGE:])})
    return frozenset(shape for shape, count in seen.items() if count >= REPEATED)


def _by_height(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -line.top)


def _body(
    lines: Sequence[Line],
    label: str,
    titles: frozenset[str],
    repeated: frozenset[str],
    style: Style,
) -> list[Line]:
    ordered = _by_height(lines)
    dropped = {
        id(line)
        for edge in (ordered, ordered[::-1])
        for line in _margin(edge, label, titles, repeated, style)
    }
    return [line for line in lines if id(line) not in dropped]


def _margin(
    edge: Sequence[Line],
    label: str,
    titles: frozenset[str],
    repeated: frozenset[str],
    style: Style,
) -> list[Line]:
    """The lines from one edge inwards that are marginal, all on the first row or two."""
    found: list[Line] = []
    for position, line in enumerate(edge[: 2 * EDGE]):
        beyond = edge[position + 1 :]
        apart = all(abs(line.bottom - each.bottom) > 1.2 * style.step for each in beyond[:1])
        same_row = bool(found) and abs(found[-1].bottom - line.bottom) < style.step / 2
        if not (_is_marginal(line, label, titles, repeated, apart=apart) or same_row):
            break
        found.append(line)
    return found


def _is_marginal(
    line: Line, label: str, titles: frozenset[str], repeated: frozenset[str], *, apart: bool
) -> bool:
    text = fold(clean(line.text)).lower()
    if text == label.lower() or (text.isdigit() and len(text) <= 4):  # noqa: PLR2004
        return True
    if _shape(line) in repeated:
        return True
    return apart and line.size < 14 and _is_title(unnumbered(text), titles)  # noqa: PLR2004


def _is_title(text: str, titles: frozenset[str]) -> bool:
    """A title, or two: the chapter's beside the book's."""
    return text in titles or any(
        text.removeprefix(title).strip() in titles or text.removesuffix(title).strip() in titles
        for title in titles
        if title
    )


def unnumbered(text: str) -> str:
    return re.sub(r"^(?:chapter|appendix|part)?\s*[\divxlca-d]*[.\d]*\s*", "", text).strip(" .")
