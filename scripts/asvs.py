"""`docs/asvs.csv` as the table of `docs/security.md`, a row a chapter of the standard."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[1] / "docs"
STATES = ("met", "not applicable", "open")
CHAPTERS = {
    1: "encoding and sanitising",
    2: "validation, business logic",
    3: "the web app",
    4: "the API",
    5: "files",
    6: "logging in",
    7: "sessions",
    8: "permissions",
    9: "signed tokens",
    10: "OAuth",
    11: "cryptography",
    12: "TLS",
    13: "configuration, secrets",
    14: "data",
    15: "code and components",
    16: "logs, errors",
    17: "WebRTC",
}
PLACE = re.compile(r"(?<=<!-- asvs -->\n).*?(?=<!-- end -->)", re.DOTALL)


class Row(NamedTuple):
    id: str
    level: int
    asks: str
    state: str
    shown: str
    """Tests and files, a reason, or what is missing."""

    @property
    def chapter(self) -> int:
        return int(self.id.split(".")[0])


def rows() -> list[Row]:
    with (DOCS / "asvs.csv").open(newline="") as file:
        head, *lines = csv.reader(file)
    if tuple(head) != Row._fields:
        raise ValueError(f"docs/asvs.csv has the columns {head}")
    return [Row(id_, int(level), *rest) for id_, level, *rest in lines]


def table(known: list[Row]) -> str:
    counts = Counter((row.chapter, row.state) for row in known)
    lines = [f"| chapter | {' | '.join(STATES)} |", "|---|---:|---:|---:|"]
    for chapter, name in CHAPTERS.items():
        cells = (str(counts[chapter, state]) for state in STATES)
        lines.append(f"| {chapter} {name} | {' | '.join(cells)} |")
    totals = (str(sum(row.state == state for row in known)) for state in STATES)
    return "\n".join([*lines, f"| **all {len(known)}** | {' | '.join(totals)} |", ""])


def main() -> None:
    page = DOCS / "security.md"
    page.write_text(PLACE.sub(lambda _: table(rows()), page.read_text()))


if __name__ == "__main__":
    main()
