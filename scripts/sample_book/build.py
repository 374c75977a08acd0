"""Builds the sample book: the same bytes from the same sources, wherever it runs.

Only fonts that the `typst` package brings are used, and the date is the book's own.
"""

from pathlib import Path

import typst

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "src" / "studium" / "sample" / "how-memory-learns.pdf"


def build() -> bytes:
    book: bytes = typst.compile(HERE / "book.typ", root=HERE, ignore_system_fonts=True)
    return book


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(build())
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} KiB")
