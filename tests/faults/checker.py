"""Compares what the clients were told with what the database and the store of files hold.

It shares nothing with the product: SQL as superuser, files by their hash. Each finding is one
sentence; none means that the run kept every promise.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from tests.faults.journal import Account, Journal

PAGES = "SELECT number, text, blocks, failure FROM library.pages WHERE material_id = $1 ORDER BY 1"
PASSAGES = (
    "SELECT id, page_from, page_to, start_offset, end_offset, section, position, text,"
    " content_hash FROM library.passages WHERE material_id = $1 ORDER BY position"
)
VECTORS = (
    "SELECT passage_id, segment, embedding::text FROM vectors.embeddings_256"
    " WHERE material_id = $1 ORDER BY 1"
)
POSTINGS = (
    "SELECT segment, term, passage_ids, frequencies, lengths FROM vectors.postings"
    " WHERE material_id = $1 ORDER BY 1, 2"
)
NOTES = (
    "SELECT index, heading, status, summary, markdown, html, points, key_terms, dropped"
    " FROM notes.sections WHERE material_id = $1 ORDER BY index"
)
COUNTERS = (
    "SELECT status, stage, problem, version, pages_total, pages_read, pages_empty, pages_failed,"
    " ranges_total, ranges_read, ranges_indexed, passages_total, passages_indexed"
    " FROM library.materials WHERE id = $1"
)
EVENTS = (
    "SELECT type, count(*) FROM events.events WHERE payload->>'material_id' = $1::text"
    " GROUP BY 1 ORDER BY 1"
)
TOLD = (
    "SELECT type, count(*) FROM realtime.notifications WHERE material_id = $1 GROUP BY 1 ORDER BY 1"
)
NOTE_SET = "SELECT status, total, written, indexed FROM notes.note_sets WHERE material_id = $1"
TABLES = {
    "counters": COUNTERS,
    "pages": PAGES,
    "passages": PASSAGES,
    "vectors": VECTORS,
    "keywords": POSTINGS,
    "notes": NOTES,
    "note set": NOTE_SET,
    "events": EVENTS,
    "notifications": TOLD,
}
UNFINISHED = (
    "SELECT d.state, e.type, d.attempt, d.last_error FROM events.deliveries d"
    " JOIN events.events e ON e.id = d.event_id WHERE d.state <> 'done'"
)

Stored = Callable[[str], bytes | None]
"""The file of a key; None where there is none."""
Portrait = dict[str, str]
"""Table → what it holds of one book, as text in which no id of this book stands."""


@dataclass(slots=True)
class Checker:
    connection: "asyncpg.Connection"
    stored: Stored

    async def portrait(self, material: str) -> Portrait:
        """Ids of passages are replaced by their place, after each was recomputed from it."""
        names = {material: "BOOK"}
        for row in await self.connection.fetch(PASSAGES, UUID(material)):
            derived = uuid5(UUID(material), f"1/{row['page_from']}/{row['start_offset']}")
            place = f"PASSAGE {row['position']}" if derived == row["id"] else "UNDERIVED"
            names[str(row["id"])] = place
        return {
            table: _renamed(sorted(_text(row) for row in await self._rows(table, material)), names)
            for table in TABLES
        }

    async def _rows(self, table: str, material: str) -> list[Any]:
        key = material if table == "events" else UUID(material)
        return list(await self.connection.fetch(TABLES[table], key))

    async def findings(self, journal: Journal, reference: Portrait, book: bytes) -> list[str]:
        found = [
            f"a delivery of {row['type']} is {row['state']} after {row['attempt']} attempts"
            f" ({row['last_error']})"
            for row in await self.connection.fetch(UNFINISHED)
        ]
        for account in journal.accounts.values():
            found += await self._account(account)
            for material, course in account.acknowledged.items():
                found += await self._book(material, course, reference, book)
        return found

    async def _account(self, account: Account) -> list[str]:
        rows = await self.connection.fetch(
            "SELECT DISTINCT n.seq, n.type, n.material_id, n.created_at"
            " FROM realtime.notifications n JOIN library.materials m"
            " ON m.uploaded_by = n.account_id WHERE m.id = ANY($1::uuid[]) ORDER BY n.seq",
            [UUID(each) for each in account.acknowledged],
        )
        kept = {row["seq"]: (row["type"], row["material_id"], row["created_at"]) for row in rows}
        found = []
        if account.seen != list(kept):
            found.append(
                f"{account.email} saw {_spans(account.seen)}, kept are {_spans(list(kept))}"
            )
        for number, (kind, material, created_at) in account.told.items():
            told = (kind, UUID(material), datetime.fromisoformat(created_at))
            if number in kept and told != kept[number]:
                found.append(f"{account.email} was told {told} as {number}, kept is {kept[number]}")
        if account.resets:
            found.append(f"{account.email} was told to begin anew {account.resets} times")
        return found

    async def _book(
        self, material: str, course: str, reference: Portrait, book: bytes
    ) -> list[str]:
        row = await self.connection.fetchrow(
            "SELECT course_id, object_key FROM library.materials WHERE id = $1", UUID(material)
        )
        if row is None or str(row["course_id"]) != course:
            return [f"the acknowledged book {material} is lost"]
        found = []
        file = self.stored(row["object_key"])
        if file is None or sha256(file).digest() != sha256(book).digest():
            found.append(f"the file of {material} is lost or another")
        portrait = await self.portrait(material)
        found += [
            f"{table} of {material} differ from the undisturbed run's: {difference}"
            for table in TABLES
            if (difference := _difference(reference[table], portrait[table]))
        ]
        return found

    async def stuck(self, margin_seconds: float) -> list[str]:
        """Deliveries whose lease ran out longer ago than a sweeper may take."""
        rows = await self.connection.fetch(
            "SELECT e.type, now() - d.lease_until AS late FROM events.deliveries d"
            " JOIN events.events e ON e.id = d.event_id WHERE d.state = 'running'"
            " AND d.lease_until < now() - make_interval(secs => $1)",
            margin_seconds,
        )
        return [f"a delivery of {row['type']} is stuck since {row['late']}" for row in rows]

    async def strays(self, journal: Journal) -> list[str]:
        """Books in the database that no client was told of: an answer that was lost, no error."""
        known = {each for account in journal.accounts.values() for each in account.acknowledged}
        rows = await self.connection.fetch("SELECT id FROM library.materials")
        return [str(row["id"]) for row in rows if str(row["id"]) not in known]


def _text(row: Any) -> str:
    return json.dumps(dict(row), default=str, ensure_ascii=False)


def _renamed(lines: list[str], names: dict[str, str]) -> str:
    text = "\n".join(lines)
    for name, place in names.items():
        text = text.replace(name, place)
    return "\n".join(sorted(text.splitlines()))


def _difference(expected: str, actual: str) -> str:
    if expected == actual:
        return ""
    wanted, found = expected.splitlines(), actual.splitlines()
    pairs = zip(wanted, found, strict=False)
    first = next(((a, b) for a, b in pairs if a != b), ("(end)", "(end)"))
    return f"{len(wanted)} → {len(found)} rows; {first[0][:150]!r} → {first[1][:150]!r}"


def _spans(numbers: list[int]) -> str:
    """[1, 2, 3, 7] → "1-3, 7"; what is out of order stays so."""
    return ", ".join(
        f"{first}-{last}" if first < last else str(first) for first, last in _runs(numbers)
    )


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in numbers:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last
