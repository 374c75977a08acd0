"""The memory of a library worker for books of 100 to 5,000 pages, with the default settings.

Counted is the worker and all below it (the nursery, the children that read and that embed): the
largest sum seen of their proportional set sizes, which share out what several of them hold; the
plain resident sizes, which count shared pages again and again, stand beside. A book is the sample
book, repeated: real text, fonts and lines. Each size has a new worker. Vectors are made of the
first ranges only (MiniLM would take a quarter of an hour for 5,000 pages); the children that make
them live on and are counted to the end.

`PYTHONPATH=. python bench/worker_memory.py [SIZE …]`
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import pypdfium2

from bench import processes, served
from bench.marks import Figure, show
from bench.pipeline import VECTORS, State, pipeline, set_aside
from bench.processes import MIB
from studium.adapters.embedder import open_embedder
from studium.settings import Settings

SIZES = (100, 500, 1_000, 2_500, 5_000)
SAMPLE = next((Path(__file__).parents[1] / "src" / "studium" / "sample").glob("*.pdf"))
WITH_VECTORS = 2
"""Ranges."""
LOOK_SECONDS = 0.1
MARK_MIB = 600
MARK_SLOPE = 1.1


def book(pages: int, folder: Path) -> Path:
    """A PDF of so many pages."""
    sample, made = pypdfium2.PdfDocument(SAMPLE), pypdfium2.PdfDocument.new()
    while len(made) < pages:
        made.import_pages(sample, range(min(len(sample), pages - len(made))))
    path = folder / f"{pages}.pdf"
    made.save(path)
    return path


def done(state: State) -> bool:
    wanted = min(WITH_VECTORS, state["ranges_total"])
    read = state["stage"] in {"indexing", "done"}
    return bool(read and state["ranges_indexed"] >= wanted)


class Tree:
    """The worker and what is below it."""

    def __init__(self) -> None:
        self._worker = next(each for each in processes.below(os.getpid()) if each.role == "worker")
        self.resident = self.proportional = 0
        self.most = 0
        """Processes at once."""

    async def watch(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        found = [self._worker, *processes.below(self._worker.pid)]
        sizes = [each.memory() for each in found]
        self.resident = max(self.resident, sum(resident for resident, _ in sizes))
        self.proportional = max(self.proportional, sum(shared for _, shared in sizes))
        self.most = max(self.most, len(found))


async def peak(settings: Settings, path: Path) -> Tree:
    async with pipeline(settings, courses=1) as line:
        tree = Tree()
        watching = asyncio.create_task(tree.watch())
        await line.cost(path, done)
        watching.cancel()
    return tree


async def prepared(settings: Settings) -> None:
    """The model's weights are quantised once a machine, by a process that then ends."""
    embedder = open_embedder(settings.embedder, settings.home / "models")
    await embedder.embed(["A first text."])
    await embedder.close()


async def main(sizes: list[int]) -> bool:
    figures: list[Figure] = []
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        books = {size: book(size, Path(folder)) for size in sizes}
        async with (
            served.engines(embedder="minilm:") as settings,
            set_aside(settings, VECTORS, WITH_VECTORS),
        ):
            await prepared(settings)
            for size, path in books.items():
                tree = await peak(settings, path)
                peaks[size] = tree.proportional / MIB
                print(f"{size} pages: {peaks[size]:.0f} MiB, {tree.most} processes")
                figures.append(figure(size, tree))
    one, other = sorted(sizes)[min(1, len(sizes) - 1)], max(sizes)
    slope = peaks[other] / peaks[one]
    what = f"no slope: {other:,} beside {one:,} pages"
    ours, beside = f"{peaks[other]:.0f} MiB", f"{peaks[one]:.0f} MiB"
    figures.append(Figure(what, ours, beside, slope, MARK_SLOPE))
    return show("worker-memory", "library worker, peak", figures)


def figure(size: int, tree: Tree) -> Figure:
    mib = tree.proportional / MIB
    beside = f"resident {tree.resident / MIB:.0f} MiB, {tree.most} processes"
    return Figure(f"{size:,} pages", f"{mib:.0f} MiB", beside, mib, MARK_MIB, "MiB")


if __name__ == "__main__":
    sys.exit(not asyncio.run(main([int(each) for each in sys.argv[1:]] or list(SIZES))))
