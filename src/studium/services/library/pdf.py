"""What is asked of a PDF, whoever reads it: pdfium, or the second reader where that refuses."""

import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studium.services.library.book import OutlineEntry

Content = mmap.mmap | bytearray
"""Of a file, writable for nobody but its reader."""


def mapped(path: Path) -> Content:
    """The file's content without reading it into memory. Raises `OSError`."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return bytearray()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


FARTHEST = 1e6
"""Points: a page has 14,400 at most (ISO 32000-2, annex C)."""


def sane(value: float) -> float:
    """A place on a page; 0 for what is none (infinity, NaN, beyond any page)."""
    return value if -FARTHEST < value < FARTHEST else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    """Points."""
    mono: bool
    bold: bool
    mended: bool
    """The next line continues the last word of this one."""

    @property
    def height(self) -> float:
        return self.top - self.bottom


class UnreadableError(Exception):
    """The reader refuses the file."""

    def __init__(self, *, encrypted: bool = False) -> None:
        super().__init__()
        self.encrypted = encrypted


class Pdf(Protocol):
    @property
    def pages(self) -> int: ...

    @property
    def title(self) -> str:
        """Of the metadata; empty where there is none."""

    def labels(self) -> list[str]:
        """The printed label of each page, its number where there is none."""

    def outline(self) -> list[OutlineEntry]: ...

    def size(self, number: int) -> tuple[float, float]:
        """Width and height of a 1-based page, in points."""

    def lines(self, number: int) -> list[Line]:
        """The lines of a 1-based page in the order of its content stream."""
