"""A resumable upload that is cut two hundred times arrives as it was sent, and what was kept before
a cut is not sent again.
"""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from studium.settings import Settings
from tests.faults.test_cut_uploads import cut
from tests.flows.acceptance import Browser, sample_book
from tests.services.library.tus import begin, look, offset, patch

CUTS = 200
CHUNK = 256 * 1024
SMALL = 32 * 1024


def large_book() -> bytes:
    """As many bytes behind the sample as two hundred cuts need; readers look at its end."""
    filler = random.Random(9).randbytes(CUTS * SMALL)
    return sample_book() + b"\n%" + filler.replace(b"\n", b" ").replace(b"\r", b" ")


def request(base: str, token: str, place: str, at: int, chunk: bytes) -> tuple[bytes, int]:
    """A chunk as it goes over the wire, and how many of its bytes are no content."""
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {base.removeprefix('http://')}\r\n"
        f"Authorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
        "Content-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {len(chunk)}\r\n\r\n"
    ).encode()
    return head + chunk, len(head)


@dataclass(slots=True)
class Ledger:
    """What went over the wire, in bytes of content."""

    sent: int = 0
    again: list[int] = field(default_factory=list)
    """Of each cut: how much of what was sent before it had to be sent once more."""


@pytest.mark.timeout(600)
async def test_two_hundred_cuts_at_random_bytes(
    processes: tuple[str, str], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    person = Browser(processes[0])
    await person.register("patient")
    course = await person.ok("POST", "/v1/courses", json={"title": "Memory"})
    book = large_book()
    ledger = Ledger()
    material = await send(person, processes, course["id"], book, ledger)
    stored = await person.api.get(f"/v1/materials/{material}/file")
    assert hashlib.sha256(stored.content).digest() == hashlib.sha256(book).digest()
    assert len(ledger.again) == CUTS
    assert max(ledger.again) <= CHUNK, "at most the chunk that was cut"
    assert sum(ledger.again) < len(book), "of most cuts something is kept"
    assert ledger.sent == len(book) + sum(ledger.again)
    folder = Path(settings.home) / "objects" / course["organisation_id"]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["book.pdf"]
    assert not [each for each in caplog.records if each.exc_info], "nothing looks like a mistake"
    storage = await person.ok("GET", f"/v1/courses/{course['id']}/storage")
    assert storage["used"] == len(book)
    shares = [each / CHUNK for each in ledger.again]
    print(f"chunks sent again per cut: mean {sum(shares) / CUTS:.3f}, most {max(shares):.3f}")  # noqa: T201


async def send(
    person: Browser, processes: tuple[str, str], course: str, book: bytes, ledger: Ledger
) -> str:
    """The id of the book. Each request goes to the other process."""
    chance = random.Random(7)
    token = person.api.headers["Authorization"].removeprefix("Bearer ")
    place = await begin(person.api, course, len(book))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=processes[0], headers=headers, timeout=60) as one,
        httpx.AsyncClient(base_url=processes[1], headers=headers, timeout=60) as two,
    ):
        turns: Iterator[httpx.AsyncClient] = cycle([one, two])
        at = 0
        for _ in range(CUTS):
            api = next(turns)
            chunk = book[at : at + CHUNK]
            wire, head = request(str(api.base_url).rstrip("/"), token, place, at, chunk)
            # Mostly early in a chunk, so that the book outlasts the cuts.
            most = chance.choice([len(wire), head + SMALL, head + SMALL])
            where = chance.randrange(1, min(most, len(wire) - 1))
            await cut(
                str(api.base_url).rstrip("/"),
                wire,
                where,
                chance.choice(["close", "reset", "half-close"]),
            )
            sent = max(0, where - head)
            kept = await settled(next(turns), place, at, sent)
            ledger.sent += sent
            ledger.again.append(at + sent - kept)
            at = kept
        while at < len(book):
            answer = await patch(next(turns), place, at, book[at : at + CHUNK])
            assert answer.status_code == 204, answer.text
            ledger.sent += offset(answer) - at
            at = offset(answer)
    return str(answer.headers["Studium-Material"])


async def settled(api: httpx.AsyncClient, place: str, at: int, sent: int) -> int:
    """The offset as a client hears it that waits a moment before it asks: the process that was cut
    off may still be noticing, and where nothing arrived nothing will change.
    """
    for _ in range(8 if sent else 1):
        kept = offset(await look(api, place))
        if kept > at:
            break
        await asyncio.sleep(0.02)
    return kept
