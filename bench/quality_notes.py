"""Prints the notes of some chapters, a point a line, for a person to judge: docs/quality/."""

import sys
from pathlib import Path

from bench.sections import sections
from studium.services.notes import citations, offline


def main() -> None:
    path, chapters = Path(sys.argv[1]), tuple(f"{number} " for number in sys.argv[2:])
    for source, pages in sections(path):
        if not source.section.path[0].startswith(chapters):
            continue
        draft, dropped = citations.check(offline.write(source), pages)
        print(f"\n### {' › '.join(source.section.path)}\n")
        if dropped:
            print(f"{dropped} citations dropped\n")
        for point in draft.points:
            print(f"- {point.text} (PDF {point.citations[0].page})")
        for term in draft.key_terms:
            print(f"- **{term.term}**: {term.definition} (PDF {term.citations[0].page})")


if __name__ == "__main__":
    main()
