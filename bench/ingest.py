"""From the file to all pages searchable, by keyword and by meaning: what it costs, beside others.

The memoir manual and static vectors. Studium runs as it is run: web, relay, worker, their children
and the engines, all counted (`bench/pipeline.py`). Beside it bare pdfium with the same packing
(`bench/bare_ingest.py`) and the frameworks people would use instead (`bench/peers/`), each in one
process that keeps nothing on disk; their imports and the loading of the model are not counted, and
so Studium's processes are started and warm too. What the first book of new processes costs, which
starts the children that read and embed, is shown beside.

`PYTHONPATH=. python bench/ingest.py [BOOK]`
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import served
from bench.marks import Figure, show
from bench.pipeline import Cost, pipeline, searchable

ROOT = Path(__file__).parents[1]
BOOK = ROOT.parent / "shared" / "books" / "memoir-manual.pdf"
PEERS = ROOT / "build" / "peers" / "bin" / "python"
NAMES = ("LangChain, pdfium", "Haystack", "LangChain", "LlamaIndex")
RUNS = 3
SECONDS = 600
MARK = 6.0


class Other(NamedTuple):
    cpu: float
    passages: int


async def measured(*command: str | Path) -> Other | None:
    """None, with a word, where it cannot run."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "HOME": "/"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=-1, stderr=-1
    )
    output, errors = await asyncio.wait_for(process.communicate(), SECONDS)
    if process.returncode:
        last = (errors.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        print(f"left out: {' '.join(map(str, command[1:-1]))}: {last[:160]}")
        return None
    told = json.loads(output.splitlines()[-1])
    return Other(told["cpu"], told["passages"])


async def bare(book: Path) -> Other:
    found = await measured(sys.executable, "-m", "bench.bare_ingest", "search", book)
    if found is None:
        raise RuntimeError("the bare way does not run")
    return found


async def peer(name: str, book: Path) -> Other | None:
    return await measured(PEERS, "bench/peers/measure.py", name, book)


async def main(book: Path) -> bool:
    names = list(NAMES) if PEERS.exists() else []
    if not names:
        print("the frameworks are not installed: see bench/peers/requirements.txt")
    ours: list[Cost] = []
    others: dict[str, list[Other]] = {"bare": []}
    async with served.engines() as settings, pipeline(settings) as line:
        first = await line.cost(book, searchable)
        print(f"first book: {first.cpu:.2f} s: {first}")
        for run in range(RUNS):
            ours.append(await line.cost(book, searchable))
            print(f"book: {ours[-1].cpu:.2f} s: {ours[-1]}")
            others["bare"].append(await bare(book))
            # Those that take half a minute are asked once a run as well, in turn with ours.
            for name in names:
                if run and name not in others:
                    continue
                if found := await peer(name, book):
                    others.setdefault(name, []).append(found)
    return show("ingest", "file → all pages searchable", figures(first, ours, others))


def figures(first: Cost, ours: list[Cost], others: dict[str, list[Other]]) -> list[Figure]:
    cpu = median(each.cpu for each in ours)
    middle = min(ours, key=lambda each: abs(each.cpu - cpu))
    passages = f"{middle.passages:,} passages"
    found = [
        Figure("memoir manual, CPU, all processes", f"{cpu:.2f} s", str(middle), cpu, MARK, "s"),
        Figure("the first book of new processes", passages, str(first), first.cpu, None, "s"),
    ]
    for name, runs in others.items():
        other = median(each.cpu for each in runs)
        what = "bare pdfium, packing, numpy" if name == "bare" else f"{name}, defaults"
        what = "LangChain, its pdfium loader" if name == "LangChain, pdfium" else what
        beside = f"{other:.2f} s, {runs[0].passages:,} passages"
        found.append(Figure(what, f"{cpu:.2f} s", beside, cpu / other, None))
    return found


if __name__ == "__main__":
    asked = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BOOK
    if asked.exists():
        sys.exit(not asyncio.run(main(asked)))
    print(f"{asked.name} is not here")
