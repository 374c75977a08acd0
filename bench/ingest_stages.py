"""Two parts of a book's way: until it can be searched by keyword, and what its notes add.

- Keyword-searchable: upload, plan, read, keyword index; nobody makes vectors. Beside it text,
  outline and labels by bare pypdfium2 in one process (`bench/bare_ingest.py text`).
- Notes: what the offline notes add to the ingest, in one worker of library and notes; every other
  book's sections are set aside, so that nobody writes them. With static vectors, for MiniLM takes a
  minute and more a book: what it takes is measured on some of the passages, and makes the share
  with the default settings.

All processes and engines are counted, as in `bench/ingest.py`.
`PYTHONPATH=. python bench/ingest_stages.py [BOOK]`
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import served
from bench.ingest import BOOK, Other, measured
from bench.ingest_embedding import passages, product
from bench.marks import Figure, show
from bench.pipeline import (
    NOTES,
    VECTORS,
    Cost,
    keywords,
    pipeline,
    searchable,
    set_aside,
    with_notes,
)
from studium.adapters.embedder import open_embedder
from studium.settings import Settings

RUNS = 3
SOME = 60


async def bare(book: Path) -> Other:
    found = await measured(sys.executable, "-m", "bench.bare_ingest", "text", book)
    if found is None:
        raise RuntimeError("the bare way does not run")
    return found


async def keyword_side(settings: Settings, book: Path) -> Figure:
    ours: list[Cost] = []
    plain: list[float] = []
    async with set_aside(settings, VECTORS), pipeline(settings) as line:
        await line.cost(book, keywords)
        for _ in range(RUNS):
            ours.append(await line.cost(book, keywords))
            plain.append((await bare(book)).cpu)
            print(f"keywords: {ours[-1].cpu:.2f} s: {ours[-1]}; bare {plain[-1]:.2f} s")
    ratio = median(one.cpu / other for one, other in zip(ours, plain, strict=True))
    cpu = median(each.cpu for each in ours)
    beside = f"{median(plain):.2f} s; {min(ours, key=lambda each: abs(each.cpu - cpu))}"
    return Figure("keyword-searchable, beside bare text", f"{cpu:.2f} s", beside, ratio, 3)


async def minilm(book: Path) -> float:
    """CPU seconds of a passage's vector by the default model."""
    texts = await passages(book, SOME)
    with tempfile.TemporaryDirectory() as cache:
        embedder = open_embedder("minilm:", Path(cache))
        await embedder.embed(texts[:8])
        spent = [await product(embedder, texts) for _ in range(RUNS)]
        await embedder.close()
    return median(each.cpu for each in spent) / len(texts)


async def notes_side(settings: Settings, book: Path) -> list[Figure]:
    alone: list[Cost] = []
    together: list[Cost] = []
    async with pipeline(settings, ("library", "notes"), 2 * RUNS + 1) as line:
        await line.cost(book, with_notes)
        for _ in range(RUNS):
            together.append(await line.cost(book, with_notes))
            async with set_aside(settings, NOTES):
                alone.append(await line.cost(book, searchable))
            print(f"with notes {together[-1].cpu:.2f} s: {together[-1]}")
            print(f"without {alone[-1].cpu:.2f} s: {alone[-1]}")
    without = median(each.cpu for each in alone)
    adds = median(one.cpu - other.cpu for one, other in zip(together, alone, strict=True))
    a_passage = await minilm(book)
    whole = without + alone[0].passages * a_passage
    return [
        Figure(
            "offline notes add, default settings",
            f"{adds:.2f} s",
            f"{whole:.0f} s with MiniLM ({a_passage * 1000:.0f} ms a passage)",
            adds / whole * 100,
            25,
            "%",
        ),
        Figure(
            "the same with static vectors",
            f"{adds:.2f} s",
            f"{without:.2f} s",
            adds / without * 100,
            None,
            "%",
        ),
    ]


async def main(book: Path) -> bool:
    async with served.engines() as settings:
        figures = [await keyword_side(settings, book), *await notes_side(settings, book)]
    return show("ingest-stages", "parts of an ingest, CPU of all processes", figures)


if __name__ == "__main__":
    asked = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BOOK
    if asked.exists():
        sys.exit(not asyncio.run(main(asked)))
    print(f"{asked.name} is not here")
