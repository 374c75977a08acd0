"""Two parts of a book's way: until it can be searched by keyword, and what its notes add.

- Keyword-searchable: upload, plan, read, keyword index; nobody makes vectors. Beside it text,
  outline and labels by bare pypdfium2 in one process (`bench/bare_ingest.py text`).
- Notes: what the offline notes add to the ingest, each in turn with a library worker alone and with
  library and notes in one worker. With static vectors; what MiniLM takes for the same passages is
  known from `bench/ingest_embedding.py` and makes the share with the default settings.

All processes and engines are counted, as in `bench/ingest.py`.
`PYTHONPATH=. python bench/ingest_stages.py [BOOK]`
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from bench import served
from bench.ingest import BOOK, Other, measured
from bench.marks import Figure, kept, show
from bench.pipeline import Cost, keywords, pipeline, searchable, vectors_set_aside, with_notes
from studium.settings import Settings

RUNS = 3


async def bare(book: Path) -> Other:
    found = await measured(sys.executable, "-m", "bench.bare_ingest", "text", book)
    if found is None:
        raise RuntimeError("the bare way does not run")
    return found


async def keyword_side(settings: Settings, book: Path) -> Figure:
    ours: list[Cost] = []
    plain: list[float] = []
    async with vectors_set_aside(settings), pipeline(settings) as line:
        await line.cost(book, keywords)
        for _ in range(RUNS):
            ours.append(await line.cost(book, keywords))
            plain.append((await bare(book)).cpu)
            print(f"keywords: {ours[-1].cpu:.2f} s: {ours[-1]}; bare {plain[-1]:.2f} s")
    ratio = median(one.cpu / other for one, other in zip(ours, plain, strict=True))
    cpu = median(each.cpu for each in ours)
    beside = f"{median(plain):.2f} s; {min(ours, key=lambda each: abs(each.cpu - cpu))}"
    return Figure("keyword-searchable, beside bare text", f"{cpu:.2f} s", beside, ratio, 3)


async def notes_side(settings: Settings, book: Path) -> list[Figure]:
    alone: list[float] = []
    together: list[float] = []
    for number in range(RUNS):
        # Turn and turn about, and each with processes of its own, warmed by a book.
        sides = [(("library",), searchable, alone), (("library", "notes"), with_notes, together)]
        for groups, goal, costs in sides[:: 1 if number % 2 else -1]:
            async with AsyncExitStack() as stack:
                line = await stack.enter_async_context(pipeline(settings, groups, 2))
                await line.cost(book, goal)
                found = await line.cost(book, goal)
                print(f"{' and '.join(groups)}: {found.cpu:.2f} s: {found}")
                costs.append(found.cpu)
                passages = found.passages
    without = median(alone)
    adds = median(one - other for one, other in zip(together, alone, strict=True))
    _, embedding = kept("ingest-embedding")
    a_passage = next(each.value for each in embedding if each.unit == "ms") / 1000
    whole = without + passages * a_passage
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
