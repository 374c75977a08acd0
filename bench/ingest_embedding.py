"""Embedding with MiniLM through the product, beside the bare loop over the same texts.

Some 240 passages taken evenly from the book. The bare loop is one process with one thread: the
texts sorted by length, the same batches, the same onnx session. The product is
`open_embedder("minilm:")` as the library worker has it, with one child and with two; counted is the
CPU of the caller, whose loop waits, and of its children, warm on both sides. The speed-up is the
ratio of the wall times of one and two children, beside that of one and two bare processes that take
every other batch.

`PYTHONPATH=. python bench/ingest_embedding.py [BOOK]`
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import processes
from bench.ingest import BOOK
from bench.marks import Figure, show
from studium.adapters.embedder import open_embedder
from studium.adapters.embedder.minilm import MINILM, load
from studium.core.ports import Embedder
from studium.services.library import child
from studium.services.library.chunk import open_section, pack

PASSAGES, RUNS = 240, 4
MARK_CPU, MARK_SPEED = 1.15, 0.95


class Spent(NamedTuple):
    cpu: float
    wall: float


async def passages(book: Path, most: int = PASSAGES) -> list[str]:
    """So many of the book's, taken evenly."""
    plan = await child.plan_book(book)
    found: list[str] = []
    for each in plan.ranges:
        pages = await child.read_range(book, each.first_page, each.last_page, plan)
        section = open_section(each.first_page, plan.sections)
        found += [passage.text for passage in pack(pages, section)]
    step = max(1, len(found) // most)
    return found[::step][:most]


# ── the bare loop ─────────────────────────────────────────────────────────────────────────────
def _loop(cache: Path, asked: "Connection[None, list[list[str]] | None]") -> None:
    encode = load(cache)
    while (batches := asked.recv()) is not None:
        for batch in batches:
            encode(batch)
        asked.send(None)


class Bare:
    def __init__(self, cache: Path, number: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipes = []
        self._processes = []
        for _ in range(number):
            mine, theirs = spawn.Pipe()
            process = spawn.Process(target=_loop, args=(cache, theirs), daemon=True)
            process.start()
            self._pipes.append(mine)
            self._processes.append(process)

    def embed(self, texts: list[str]) -> None:
        ordered = sorted(texts, key=len)
        batches = [ordered[at : at + MINILM.batch] for at in range(0, len(ordered), MINILM.batch)]
        for at, pipe in enumerate(self._pipes):
            pipe.send(batches[at :: len(self._pipes)])
        for pipe in self._pipes:
            pipe.recv()

    def close(self) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(None)
            process.join()


def _cpu() -> float:
    """Of this process and of all below it."""
    mine = time.process_time()
    return mine + sum(each.cpu for each in processes.below(os.getpid()))


async def bare(side: Bare, texts: list[str]) -> Spent:
    cpu, wall = _cpu(), time.perf_counter()
    await asyncio.to_thread(side.embed, texts)
    return Spent(_cpu() - cpu, time.perf_counter() - wall)


async def product(side: Embedder, texts: list[str]) -> Spent:
    cpu, wall = _cpu(), time.perf_counter()
    await side.embed(texts)
    return Spent(_cpu() - cpu, time.perf_counter() - wall)


async def main(book: Path) -> bool:
    texts = await passages(book)
    with tempfile.TemporaryDirectory() as place:
        cache = Path(place)
        embedders = {number: open_embedder("minilm:", cache, number) for number in (1, 2)}
        for embedder in embedders.values():
            await embedder.embed(texts[:64])
        bares = {number: Bare(cache, number) for number in (1, 2)}
        for side in bares.values():
            side.embed(texts[:64])
        runs = []
        for run in range(RUNS):
            ours: dict[int, Spent] = {}
            plain: dict[int, Spent] = {}
            for number in (1, 2):
                # Turn and turn about: what else runs on the machine weighs on both sides alike.
                for is_ours in (True, False) if run % 2 else (False, True):
                    if is_ours:
                        ours[number] = await product(embedders[number], texts)
                    else:
                        plain[number] = await bare(bares[number], texts)
            runs.append((ours, plain))
            print(ours[1], plain[1], ours[2], plain[2])
        for side in bares.values():
            side.close()
        for embedder in embedders.values():
            await embedder.close()
    return show("ingest-embedding", f"{len(texts)} passages, MiniLM", figures(runs, len(texts)))


Run = tuple[dict[int, Spent], dict[int, Spent]]


def figures(runs: list[Run], number: int) -> list[Figure]:
    ours = median(one[1].cpu for one, _ in runs)
    plain = median(other[1].cpu for _, other in runs)
    ratio = median(one[1].cpu / other[1].cpu for one, other in runs)
    mine = median(one[1].wall / one[2].wall for one, _ in runs)
    theirs = median(other[1].wall / other[2].wall for _, other in runs)
    each, beside = ours / number * 1000, f"{plain / number * 1000:.0f} ms"
    return [
        Figure("CPU, beside the bare loop", f"{ours:.1f} s", f"{plain:.1f} s", ratio, MARK_CPU),
        Figure(
            "speed-up of two children, beside the bare loop's",
            f"{mine:.2f}",
            f"{theirs:.2f}",
            mine / theirs,
            MARK_SPEED,
            at_least=True,
        ),
        Figure("CPU a passage", f"{each:.0f} ms", beside, each, None, "ms"),
    ]


if __name__ == "__main__":
    asked = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BOOK
    if asked.exists():
        sys.exit(not asyncio.run(main(asked)))
    print(f"{asked.name} is not here")
