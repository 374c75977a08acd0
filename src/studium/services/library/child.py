"""Reads PDFs in a child process in a jail (`jailed.py`), because a file may be made to hurt its
reader. This side asks, waits, and ends it.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studium.core.errors import EngineUnavailableError, Kind, StudiumError
from studium.runtime.jail.nursery import Nursery, NurseryError
from studium.services.library.book import BookPlan, PageText

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    cpu_seconds: int = 120
    wall_seconds: float = 180
    memory_bytes: int = 2048 * MIB
    """Of address space."""
    output_bytes: int = 32 * MIB
    pages: int = 20_000
    deaths: int = 16
    """Of children, in one range: then its unread pages are given up."""


LOOKS = {"pdfium": ("pages", "tables", "count"), "oxide": ("pages",)}
"""How thorough a look is tried, one after the other."""
PLAN_LIMITS = Limits()
READ_LIMITS = Limits(cpu_seconds=30, wall_seconds=60)
NURSERY = Nursery("studium.services.library.jailed")
"""Of this process. It holds no state that anybody could miss."""


class UnreadableFileError(StudiumError):
    kind = Kind.INVALID
    type = "unreadable-file"
    title = "The file cannot be read"


class _DiedError(Exception):
    """The child ended without an answer, or broke a limit."""


DAMAGED = (
    "The PDF is damaged or incomplete, or has no pages, so nothing of it can be read. Open it in a"
    " PDF viewer; if it shows there, save it as a new file and upload that, else get the file anew."
)
REFUSALS = {
    "damaged": DAMAGED,
    "encrypted": (
        "The PDF asks for a password. Remove the password (print it to a new PDF) and upload that."
    ),
    "no pages": "The PDF has no pages. Check that the right file was chosen and upload it again.",
    "too many pages": (
        "The PDF has more than {pages} pages. Split it into volumes and upload each."
    ),
}
TOO_HEAVY = (
    "Reading the PDF took more time or memory than one book may take. Save it as a new file, or"
    " split it, and upload that."
)
PAGE_TOO_HEAVY = "Reading the page, or one beside it, took more time or memory than it may take."
SALVAGED = (
    "The file is damaged. Studium read the {pages} pages that it could still find; compare them"
    " with the book, and upload an undamaged file if some are missing."
)


async def plan_book(path: Path, limits: Limits = PLAN_LIMITS) -> BookPlan:
    """Raises `UnreadableFileError` with a text for people."""
    try:
        return await _plan(path, limits, "pdfium")
    except UnreadableFileError as refusal:
        if refusal.detail != DAMAGED:
            raise
    try:
        book = await _plan(path, limits, "oxide")
    except UnreadableFileError:
        raise UnreadableFileError(DAMAGED) from None
    return book.model_copy(update={"remark": SALVAGED.format(pages=book.pages)})


async def _plan(path: Path, limits: Limits, reader: str) -> BookPlan:
    """Where a page or a table ends the child, the plan is made without looking there: then only
    that page is lost, later, or the headings, and not the book.
    """
    job = {"job": "plan", "path": str(path), "reader": reader, "most_pages": limits.pages}
    for look in LOOKS[reader]:
        with contextlib.suppress(_DiedError):
            answer = await _run({**job, "look": look}, limits)
            return BookPlan.from_json(answer["plan"])
    raise UnreadableFileError(TOO_HEAVY)


async def read_range(
    path: Path, first: int, last: int, book: BookPlan, limits: Limits = READ_LIMITS
) -> list[PageText]:
    """Every page of the range, in order; a page that ends the child is found by halving, and
    carries its reason while the others are read.
    """
    plan = {"path": str(path), "reader": book.reader, "plan": book.to_json()}
    waiting = [(first, last)]
    read: list[PageText] = []
    deaths = 0
    while waiting:
        start, end = waiting.pop()
        job = {**plan, "job": "read", "first": start, "last": end}
        pages = await _pages(job, limits) if deaths < limits.deaths else None
        if pages is not None:
            read += pages
            continue
        deaths += 1
        if start < end and deaths < limits.deaths:
            middle = (start + end) // 2
            waiting += [(middle + 1, end), (start, middle)]
        else:
            lost = range(start, end + 1)
            read += [PageText(number=number, failure=PAGE_TOO_HEAVY) for number in lost]
    return read


async def _pages(job: dict[str, Any], limits: Limits) -> list[PageText] | None:
    """None where they end the child."""
    try:
        answer = await _run(job, limits)
    except _DiedError:
        return None
    return [PageText.model_validate(page) for page in answer["pages"]]


async def _run(job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """The child's answer. Raises `_DiedError`, `UnreadableFileError`."""
    told = {"cpu_seconds": limits.cpu_seconds, "memory_bytes": limits.memory_bytes}
    sent = json.dumps({**job, **told}).encode()
    for _ in range(2):
        try:
            child = await NURSERY.child()
        except NurseryError:
            continue
        try:
            output = await asyncio.wait_for(
                child.ask(sent, limits.output_bytes), limits.wall_seconds
            )
        except (TimeoutError, NurseryError):
            raise _DiedError from None
        finally:
            child.end()
        if output or NURSERY.alive:
            return _answer(output, limits)
        # Not the file ended the child: its nursery was killed, and it went with it.
    raise EngineUnavailableError("The processes that read books end again and again.")


def _answer(output: bytes, limits: Limits) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise _DiedError from None
    if refusal := answer.get("refusal"):
        raise UnreadableFileError(REFUSALS[refusal].format(pages=limits.pages))
    return answer
