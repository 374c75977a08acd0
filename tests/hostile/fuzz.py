"""`make fuzz`: mutants of real pages through the jail, twenty thousand and more.

    python -m tests.hostile.fuzz --runs 20000 --seed 1

A prepared process forks for each mutant; the fork enters the jail and does what the product does
with a file, then what the worker does with the answer: a wrong page count, text that PostgreSQL
refuses, an offset outside of its page, an exception of our own, all are findings. A reader that
dies is none: that is what the jail is for.
"""

import argparse
import json
import multiprocessing
import os
import select
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from studium.runtime.jail.enter import Cell, enter
from studium.services.library import jailed
from studium.services.library.book import BookPlan, PageText
from studium.services.library.events import PageRangePlanned
from studium.services.library.ingest import passages
from tests.hostile.mutations import bases, mutant

CELL = Cell(cpu_seconds=10, memory_bytes=2 << 30)
WALL_SECONDS = 60
PROCESSES = 2
KEPT = Path("build/fuzz")
PANIC = "PanicException"
"""A crash of the second reader: pyo3 gives the class no importable name."""


def answered(content: bytes) -> str:
    """What became of it: `read`, `refused`, or a sentence that says what is wrong."""
    for reader in ("pdfium", "oxide"):
        job: dict[str, Any] = {"reader": reader, "most_pages": 20_000, "look": "pages"}
        told = jailed.answer({**job, "job": "plan"}, bytearray(content))
        if told.get("refusal") != "damaged":
            break
    if "refusal" in told:
        return "refused"
    book = BookPlan.from_json(json.loads(json.dumps(told))["plan"])
    for each in book.ranges:
        job |= {"job": "read", "first": each.first_page, "last": each.last_page}
        told = jailed.answer({**job, "plan": book.to_json()}, bytearray(content))
        if "refusal" in told:
            return "it was planned, and then refused"
        pages = [PageText.model_validate(page) for page in json.loads(json.dumps(told))["pages"]]
        if wrong := _wrong(book, each.number, pages):
            return wrong
    return "read"


def _wrong(book: BookPlan, number: int, pages: list[PageText]) -> str:
    planned = book.ranges[number]
    if [page.number for page in pages] != list(range(planned.first_page, planned.last_page + 1)):
        return "pages are missing without a word"
    for page in pages:
        page.text.encode()
        if "\x00" in page.text:
            return "NUL in the text"
        if any(not 0 <= block.start <= block.end <= len(page.text) for block in page.blocks):
            return "a block lies outside of its page"
    event = PageRangePlanned(
        organisation_id=uuid4(),
        course_id=uuid4(),
        material_id=uuid4(),
        uploaded_by=uuid4(),
        version=1,
        title="",
        number=number,
        first_page=planned.first_page,
        last_page=planned.last_page,
    )
    texts = {page.number: page.text for page in pages}
    for passage in passages(event, pages, book):
        if passage.page_from not in texts or passage.page_to not in texts:
            return "a passage lies outside of its range"
    return ""


# ── one fork a mutant ─────────────────────────────────────────────────────────────────────────
def outcome(content: bytes) -> str:
    """As `answered`, or `died`: the fork was ended by its limits or by a crash."""
    listening, speaking = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(speaking, 1)
        _inside(content)
    os.close(speaking)
    told = b""
    try:
        while select.select([listening], [], [], WALL_SECONDS)[0]:
            if not (piece := os.read(listening, 1 << 16)):
                break
            told += piece
    finally:
        os.close(listening)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return told.decode() or "died"


def _inside(content: bytes) -> None:
    try:
        enter(CELL)
        told = answered(content)
    except MemoryError:
        os._exit(1)
    except BaseException as error:  # noqa: BLE001 - any exception of ours is a finding
        if type(error).__name__ == PANIC:
            os._exit(1)
        told = f"{type(error).__name__}: {error}"
    os.write(1, told[:500].encode(errors="replace"))
    os._exit(0)


def prepare() -> None:
    """Loads once for all forks what they cannot load inside, and lays the pages open."""
    jailed.prepare()
    bases()


def assert_sound() -> None:
    """A jail that ends everybody would find nothing wrong: whole pages have to be read."""
    unread = {at: told for at, book in enumerate(bases()) if (told := outcome(book)) != "read"}
    assert not unread, unread


def _outcome_of(seed: int) -> tuple[int, str]:
    return seed, outcome(mutant(seed))


def outcomes(seeds: range) -> Iterator[tuple[int, str]]:
    """In no order."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, initializer=prepare) as pool:
        yield from pool.imap_unordered(_outcome_of, seeds, chunksize=50)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    prepare()
    assert_sound()
    counts: Counter[str] = Counter()
    findings: dict[int, str] = {}
    with Progress() as progress:
        bar = progress.add_task("mutants", total=options.runs)
        for seed, what in outcomes(seeds):
            known = what in {"read", "refused", "died"}
            counts[what if known else "FOUND"] += 1
            if not known:
                findings[seed] = what
                KEPT.mkdir(parents=True, exist_ok=True)
                (KEPT / f"{seed}.pdf").write_bytes(mutant(seed))
            progress.advance(bar)
    table = Table("what became of them", "mutants", title=f"{options.runs} mutants of real pages")
    for what in ("read", "refused", "died", "FOUND"):
        table.add_row(what, str(counts[what]))
    console = Console()
    console.print(table)
    for seed, what in list(findings.items())[:20]:
        console.print(f"[red]{KEPT / f'{seed}.pdf'}: {what}[/]")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
