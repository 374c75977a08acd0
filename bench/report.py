"""Puts the kept figures into `docs/performance.md`: `make figures`.

A table stands between `<!-- figures: NAME -->` and `<!-- end -->`; the text around it is written by
people. `tests/test_performance.py` fails when page and figures differ.
"""

import re

from bench.marks import KEPT, kept

PAGE = KEPT.parent / "performance.md"
_TABLE = re.compile(r"(<!-- figures: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(name: str) -> str:
    title, figures = kept(name)
    head = (title, "Studium", "beside", "figure", "mark", "met")
    rows = [head, ("---",) * len(head), *(each.row for each in figures)]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def filled(page: str) -> str:
    return _TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], page)


def names(page: str) -> set[str]:
    return {found[2] for found in _TABLE.finditer(page)}


def main() -> None:
    PAGE.write_text(filled(PAGE.read_text()))


if __name__ == "__main__":
    main()
