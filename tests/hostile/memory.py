"""How much memory this process and its children have while something runs.

Looked at every few milliseconds: the kernel's own high-water mark stays where making the hostile
files has put it, and says nothing of children's children.
"""

import threading
from types import TracebackType
from typing import Self

import psutil

EVERY = 0.005
"""Seconds."""


class Watched(threading.Thread):
    """Looks from `with Watched() as memory` to the end of the block."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._over = threading.Event()
        self.grown = 0
        """Bytes, at most, that this process had more than before."""
        self.child = 0
        """Bytes, at most, of any one process below."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()
        self._look()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        self.grown = max(self.grown, self._process.memory_info().rss - self._before)
        for each in self._process.children(recursive=True):
            try:
                self.child = max(self.child, each.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
