"""A book's outline to sections, the units of note writing, and to page ranges, those of reading."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from studium.services.library.book import OutlineEntry, RangePlan, SectionPlan

LONG_PAGES = 12.0
"""A chapter that is longer is split at its own sections."""
SHORT_PAGES = 0.6
"""A section that is shorter joins its neighbour."""
FIXED_PAGES = 10
"""Section length where a book shows no headings at all."""
RANGE_PAGES = 40
RANGE_SLACK = 10
"""A range may be this much shorter to end where a section starts."""

HEAD_OF_PAGE = 0.16
"""A heading this near to the upper edge opens its page: only a running head stands above it."""

_KINDS = (
    ("contents", r"(short |brief |table of )?contents|(list|table) of [\w ]+|inhalt\w*|目\s*录"),
    ("bibliography", r"bibliography|references|works cited|further reading|literatur\w*|参考文献"),
    ("glossary", r"glossary|glossar|术语表"),
    ("index", r"(\w+ )?(index|indices)( of [\w ]+)?|(command|subject|name) index|register|索\s*引"),
    (
        "front",
        (
            r"preface.*|foreword|acknowledge?ments?|about (this|the) book|vorwort|前\s*言|序\s*言?"
            r"|title( page)?|copyright|colophon|cover|dedication|half title|imprint|版权页?|封面"
        ),
    ),
)


def kind_of(title: str) -> str:
    plain = re.sub(r"^[\divxlc]+[.\s]\s*", "", title.strip().lower())
    for kind, pattern in _KINDS:
        if re.fullmatch(pattern, plain):
            return kind
    return "body"


@dataclass(slots=True)
class _Node:
    entry: OutlineEntry
    start: float
    """In pages from the book's start: 3.5 is the middle of the fourth page."""
    path: tuple[str, ...]
    end: float = 0.0
    children: list["_Node"] = field(default_factory=list)

    @property
    def length(self) -> float:
        return self.end - self.start


def sections(
    entries: Sequence[OutlineEntry], heights: Sequence[float], pages: int
) -> tuple[SectionPlan, ...]:
    """A partition of the book. `heights`: of the pages, points."""
    roots = _tree(entries, heights, pages)
    if not roots:
        return _fixed(pages)
    cuts = [cut for root in roots for cut in _cuts(root)]
    if cuts[0].start >= 1:
        front = OutlineEntry(level=0, title="Front matter", page=1)
        cuts.insert(0, _Node(front, 0.0, (front.title,), cuts[0].start))
    ends = [*(cut.start for cut in cuts[1:]), float(pages)]
    return tuple(_plan(at, cut, end) for at, (cut, end) in enumerate(zip(cuts, ends, strict=True)))


def _tree(entries: Sequence[OutlineEntry], heights: Sequence[float], pages: int) -> list[_Node]:
    roots: list[_Node] = []
    open_nodes: list[_Node] = []
    for start, entry in sorted(
        ((_position(entry, heights), entry) for entry in entries if 1 <= entry.page <= pages),
        key=lambda pair: pair[0],
    ):
        while open_nodes and open_nodes[-1].entry.level >= entry.level:
            open_nodes.pop().end = start
        parent = open_nodes[-1] if open_nodes else None
        node = _Node(entry, start, ((*parent.path, entry.title) if parent else (entry.title,)))
        (parent.children if parent else roots).append(node)
        open_nodes.append(node)
    for node in open_nodes:
        node.end = float(pages)
    return roots


def _position(entry: OutlineEntry, heights: Sequence[float]) -> float:
    height = heights[entry.page - 1]
    if entry.top is None or not 0 < entry.top < (1 - HEAD_OF_PAGE) * height:
        return float(entry.page - 1)
    return entry.page - 1 + (1 - entry.top / height) * 0.999


def _cuts(node: _Node) -> list[_Node]:
    """The node itself, or, where it is long, its opening and its children's cuts."""
    if node.length <= LONG_PAGES or not node.children:
        return [node]
    below = [cut for child in node.children for cut in _cuts(child)]
    opening = _Node(node.entry, node.start, node.path, below[0].start)
    return _merged([opening, *below])


def _merged(cuts: list[_Node]) -> list[_Node]:
    """Short siblings join: a heading with its first section, a remark with what it follows."""
    merged: list[_Node] = []
    for cut in cuts:
        before = merged[-1] if merged else None
        if before and before.length < SHORT_PAGES and not before.children:
            # The heading of the chapter opens its first section.
            merged[-1] = _Node(cut.entry, before.start, cut.path, cut.end, cut.children)
        elif before and cut.length < SHORT_PAGES and before.length < LONG_PAGES:
            before.end = cut.end
        else:
            merged.append(cut)
    return merged


def _plan(index: int, cut: _Node, end: float) -> SectionPlan:
    # A section that ends at the very start of a page does not reach into it.
    last = int(end) if end % 1 > 0.01 else int(end) - 1  # noqa: PLR2004
    first = int(cut.start)
    kinds = {kind_of(title) for title in cut.path} - {"body"}
    return SectionPlan(
        index=index,
        heading=cut.entry.title,
        path=cut.path,
        level=len(cut.path) - 1,
        kind="front" if cut.path == ("Front matter",) else next(iter(sorted(kinds)), "body"),
        first_page=first + 1,
        last_page=max(first, last) + 1,
        top=cut.entry.top if cut.start % 1 > 0 and cut.entry.page == first + 1 else None,
    )


def _fixed(pages: int) -> tuple[SectionPlan, ...]:
    """Ten pages a section, where a book shows no headings."""
    starts = range(1, pages + 1, FIXED_PAGES)
    spans = [(first, min(pages, first + FIXED_PAGES - 1)) for first in starts]
    return tuple(
        SectionPlan(
            index=index,
            heading=(name := f"Pages {first}–{last}" if first < last else f"Page {first}"),
            path=(name,),
            level=0,
            kind="body",
            first_page=first,
            last_page=last,
        )
        for index, (first, last) in enumerate(spans)
    )


def ranges(plan: Sequence[SectionPlan], pages: int) -> tuple[RangePlan, ...]:
    """Stretches of about 40 pages that end, where they can, before a page that opens a section."""
    opening = {section.first_page for section in plan if section.top is None}
    found: list[RangePlan] = []
    first = 1
    while first <= pages:
        last = min(pages, first + RANGE_PAGES - 1)
        if last < pages:
            earliest = max(first, last - RANGE_SLACK)
            last = next((page for page in range(last, earliest, -1) if page + 1 in opening), last)
        found.append(RangePlan(number=len(found), first_page=first, last_page=last))
        first = last + 1
    return tuple(found)
