"""Reads PDFs in a child process with limits, because a file may be made to hurt its reader.

`python -m studium.services.library.child` takes one job as JSON on standard input and answers one
line of JSON. Its own session lets the parent end it with everything it started.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studium.core.errors import Kind, StudiumError
from studium.services.library.book import BookPlan, PageText

MIB = 2**20
FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY = 4, 5


@dataclass(frozen=True, slots=True)
class Limits:
    cpu_seconds: int = 120
    wall_seconds: float = 180
    memory_bytes: int = 2048 * MIB
    """Of address space."""
    output_bytes: int = 256 * MIB
    pages: int = 20_000


LIMITS = Limits()


class UnreadableFileError(StudiumError):
    kind = Kind.INVALID
    type = "unreadable-file"
    title = "The file cannot be read"


ENCRYPTED = (
    "The PDF asks for a password. Remove the password (print it to a new PDF) and upload that."
)
DAMAGED = (
    "The PDF is damaged or incomplete, or has no pages, so nothing of it can be read. Open it in a"
    " PDF viewer; if it shows there, save it as a new file and upload that, else get the file anew."
)
NO_PAGES = "The PDF has no pages. Check that the right file was chosen and upload it again."
TOO_MANY = "The PDF has more than {most} pages. Split it into volumes and upload each."
TOO_HEAVY = (
    "Reading the PDF took more time or memory than one book may take. Save it as a new file, or"
    " split it, and upload that."
)


async def plan_book(path: Path, limits: Limits = LIMITS) -> BookPlan:
    """Raises `UnreadableFileError` with a text for people."""
    answer = await _run({"job": "plan", "path": str(path)}, limits)
    if answer is None:
        raise UnreadableFileError(TOO_HEAVY)
    return BookPlan.from_json(answer["plan"])


async def read_range(
    path: Path, first: int, last: int, book: BookPlan, limits: Limits = LIMITS
) -> list[PageText]:
    """Every page of the range, in order; a page that ends the child is found by halving, and
    carries its reason while the others are read.
    """
    job = {"job": "read", "path": str(path), "first": first, "last": last, "plan": book.to_json()}
    answer = await _run(job, limits)
    if answer is not None:
        return [PageText.model_validate(page) for page in answer["pages"]]
    if first == last:
        reason = "Reading the page took more time or memory than a page may take."
        return [PageText(number=first, failure=reason)]
    middle = (first + last) // 2
    left = await read_range(path, first, middle, book, limits)
    return left + await read_range(path, middle + 1, last, book, limits)


# ── parent ────────────────────────────────────────────────────────────────────────────────────
async def _run(job: dict[str, Any], limits: Limits) -> dict[str, Any] | None:
    """The child's answer; None where it died or broke a limit."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "studium.services.library.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        sent = json.dumps({**job, "limits": asdict(limits)}).encode()
        output = await asyncio.wait_for(_talk(process, sent, limits), limits.wall_seconds)
    except TimeoutError:
        output = b""
    finally:
        await _end(process)
    return _answer(output)


async def _talk(process: asyncio.subprocess.Process, sent: bytes, limits: Limits) -> bytes:
    if process.stdin is None or process.stdout is None:
        return b""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(sent)
        await process.stdin.drain()
    process.stdin.close()
    output = bytearray()
    while chunk := await process.stdout.read(1 << 20):
        output += chunk
        if len(output) > limits.output_bytes:
            return b""
    return bytes(output)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _answer(output: bytes) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        return None
    if "refusal" in answer:
        raise UnreadableFileError(answer["refusal"])
    return answer


# ── child ─────────────────────────────────────────────────────────────────────────────────────
def main() -> None:
    job = json.load(sys.stdin)
    limits = Limits(**job["limits"])
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(_work(job, limits), sys.stdout)


def _work(job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    from studium.services.library import extract  # noqa: PLC0415 - under the limits
    from studium.services.library.pdf import UnreadableError  # noqa: PLC0415 - the same

    path = Path(job["path"])
    try:
        if job["job"] == "read":
            book = BookPlan.from_json(job["plan"])
            pages = extract.read(path, job["first"], job["last"], book)
            return {"pages": [page.model_dump(mode="json") for page in pages]}
        pages_total = extract.count_pages(path)
        if not pages_total:
            return {"refusal": NO_PAGES}
        if pages_total > limits.pages:
            return {"refusal": TOO_MANY.format(most=limits.pages)}
        return {"plan": extract.plan(path).to_json()}
    except UnreadableError as error:
        encrypted = error.code in {FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY}
        return {"refusal": ENCRYPTED if encrypted else DAMAGED}


if __name__ == "__main__":
    main()
