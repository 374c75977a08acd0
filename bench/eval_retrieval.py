"""nDCG@10 and Recall@20 of keyword, dense and hybrid search on the Cranfield collection.

Through the real adapters on embedded engines. Cranfield: 1,400 abstracts, 225 questions (Cleverdon,
1967); relevance above zero counts as relevant. `python bench/eval_retrieval.py [minilm:|static:]`
"""

import asyncio
import html
import math
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from studium import bootstrap
from studium.adapters.embedded.home import resolve
from studium.commands.up import embedded, migrate_all
from studium.core.ports import IndexedPassage, Question, SearchMode, Segment
from studium.runtime.engines import Engines
from studium.settings import Settings

CRANFIELD = Path(__file__).parents[2] / "shared" / "ir" / "cranfield"
MODES: tuple[SearchMode, ...] = ("keyword", "dense", "hybrid")
console = Console()


def documents() -> dict[int, str]:
    page = (CRANFIELD / "cran.xml").read_text(errors="replace")
    found = re.findall(r"<docno>\s*(\d+)\s*</docno>.*?<text>(.*?)</text>", page, re.DOTALL)
    return {int(number): html.unescape(text) for number, text in found}


def questions() -> list[str]:
    """In the order that numbers them from 1 in the judgements."""
    page = (CRANFIELD / "cran.qry.xml").read_text(errors="replace")
    found = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    return [html.unescape(text).strip() for text in found]


def judgements() -> dict[int, set[int]]:
    relevant: dict[int, set[int]] = defaultdict(set)
    for line in (CRANFIELD / "cran.qrel").read_text().splitlines():
        query, _, document, grade = line.split()
        if int(grade) > 0:
            relevant[int(query)].add(int(document))
    return relevant


def ndcg(ranked: list[int], relevant: set[int], depth: int = 10) -> float:
    """Binary gains (Järvelin & Kekäläinen, TOIS 2002)."""
    gain = sum(1 / math.log2(at + 2) for at, each in enumerate(ranked[:depth]) if each in relevant)
    ideal = sum(1 / math.log2(at + 2) for at in range(min(depth, len(relevant))))
    return gain / ideal


async def put(engines: Engines, place: Segment, texts: dict[int, str]) -> dict[UUID, int]:
    ids = {uuid4(): number for number in texts}
    found = [IndexedPassage(id_, texts[number]) for id_, number in ids.items()]
    await engines.vectors.put_keywords(place, found)
    vectors = await engines.embedder.embed([each.text for each in found])
    await engines.vectors.put_vectors(place, list(ids), vectors)
    return ids


async def evaluate(engines: Engines) -> dict[str, tuple[float, float]]:
    place = Segment(uuid4(), uuid4(), uuid4(), 0)
    ids = await put(engines, place, documents())
    asked, relevant = questions(), judgements()
    vectors = await engines.embedder.embed(asked)
    figures: dict[str, tuple[float, float]] = {}
    for mode in MODES:
        scores = []
        for at, text in enumerate(asked):
            if not relevant[at + 1]:
                continue
            question = Question(
                organisation_id=place.organisation_id,
                course_ids=(place.course_id,),
                text=text,
                vector=vectors[at : at + 1],
                mode=mode,
                dense_weight=engines.embedder.fusion_weight,
                limit=20,
            )
            ranked = [ids[hit.passage_id] for hit in await engines.vectors.search(question)]
            right = relevant[at + 1]
            scores.append((ndcg(ranked, right), len(right & set(ranked)) / len(right)))
        figures[mode] = (
            sum(one for one, _ in scores) / len(scores),
            sum(two for _, two in scores) / len(scores),
        )
    return figures


async def main(embedder: str) -> None:
    if not CRANFIELD.exists():
        console.print("The Cranfield collection is not here: skipped.")
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # noqa: ASYNC240 - before anything runs
        home = resolve(Path(folder) / "data")
        wished = Settings(home=home.folder, embedder=embedder)
        home.folder.mkdir(mode=0o711, exist_ok=True)
        async with embedded(wished, home) as settings:
            await migrate_all(settings)
            async with bootstrap.open_engines(settings) as engines:
                table = Table(f"Cranfield, {engines.embedder.name}", "nDCG@10", "Recall@20")
                for mode, (gain, recall) in (await evaluate(engines)).items():
                    table.add_row(mode, f"{gain:.3f}", f"{recall:.3f}")
    console.print(table)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "minilm:"))
