"""Reads PDFs in a child process in a jail (`jailed.py`), because a file may be made to hurt its
reader. This side starts it, waits, and ends it with everything that may be left of it.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studium.core.errors import Kind, StudiumError
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
COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "studium.services.library.jailed")
"""`-I`: neither the environment nor the working folder has a say in what is imported."""


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
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
    told = {"cpu_seconds": limits.cpu_seconds, "memory_bytes": limits.memory_bytes}
    try:
        sent = json.dumps({**job, **told, "parent": os.getpid()}).encode()
        output = await asyncio.wait_for(_talk(process, sent, limits), limits.wall_seconds)
    except TimeoutError:
        raise _DiedError from None
    finally:
        await _end(process)
    return _answer(output, limits)


async def _talk(process: asyncio.subprocess.Process, sent: bytes, limits: Limits) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise _DiedError
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(sent)
        await process.stdin.drain()
    process.stdin.close()
    output = bytearray()
    while chunk := await process.stdout.read(1 << 20):
        output += chunk
        if len(output) > limits.output_bytes:
            raise _DiedError
    return bytes(output)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _answer(output: bytes, limits: Limits) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise _DiedError from None
    if refusal := answer.get("refusal"):
        raise UnreadableFileError(REFUSALS[refusal].format(pages=limits.pages))
    return answer
