"""How many reads the cache takes off the databases, beside a cache that never forgets too early.

A day of a school: people drawn from a population of 10,000 accounts, Zipf by rank, ask for what
every screen asks, and one call in twenty changes something that others have cached. Counted are the
transactions on both databases that the reads make (`/metrics`); those of the writes are not.
Without a cache means the first part of the trace, and the cache emptied before each call. The bound
is of an infinite cache that drops what a write changes and nothing else: it loads what is read for
the first time since.

`PYTHONPATH=. python -m bench.cache`
"""

import asyncio
import random
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, groupby, islice

import httpx
from redis.asyncio import Redis

from bench import population, served
from bench.growth import UNLIMITED
from bench.marks import Figure, show
from bench.population_draw import SEED, Kind, draw, uid
from bench.population_people import People, Student
from bench.served import Served
from studium.core.identity import Principal, Role
from studium.runtime.tokens import SigningKey, open_signing_key

ACCOUNTS, PERSONS = 10_000, 300
CALLS, WITHOUT = 30_000, 600
"""Of the trace; and how many of them are asked without a cache."""
HEARD_SECONDS = 0.01
"""Until the web process has heard that the cache was emptied."""
WRITES = 0.05
MARK = 95.0
READS = {"me": 1, "courses": 5, "course": 3, "materials": 4, "material": 3, "state": 2, "notes": 4}
"""How often each is asked for, in proportion."""


@dataclass(frozen=True, slots=True)
class Call:
    who: Principal
    method: str
    path: str
    keys: tuple[str, ...]
    """What it reads, or what it changes, of an infinite cache."""
    body: Mapping[str, object] | None = None


@dataclass
class Trace:
    people: People
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        self.students = list(islice(self.people.students(), PERSONS))
        self.weights = list(accumulate(1 / rank for rank in range(1, PERSONS + 1)))
        self.members: dict[int, list[Student]] = {}
        for student in self.students:
            for course in student.courses:
                self.members.setdefault(course, []).append(student)

    def calls(self, number: int) -> Iterator[Call]:
        for _ in range(number):
            (student,) = self.chance.choices(self.students, cum_weights=self.weights)
            course = self.chance.choice(student.courses)
            if self.chance.random() < WRITES:
                yield self._write(course)
            else:
                yield self._read(student, course)

    def _read(self, student: Student, course: int) -> Call:
        (name,) = self.chance.choices(list(READS), weights=list(READS.values()))
        me, listed = f"me {student.account}", f"courses {student.account}"
        book, place = self.people.book(course), uid(Kind.COURSE, course)
        of_book = (listed, f"material {book}")
        path, keys = {
            "me": ("/v1/auth/me", (me,)),
            "courses": ("/v1/courses", (listed,)),
            "course": (f"/v1/courses/{place}", (listed,)),
            "materials": (f"/v1/courses/{place}/materials", (listed, f"materials {course}")),
            "material": (f"/v1/materials/{book}", of_book),
            "state": (f"/v1/materials/{book}/notes/state", (*of_book, f"state {book}")),
            "notes": (f"/v1/materials/{book}/notes", (*of_book, f"state {book}", f"notes {book}")),
        }[name]
        return Call(student.principal, "GET", path, keys)

    def _write(self, course: int) -> Call:
        """By the school's owner: a new title, which every member's list shows, or the notes."""
        known = self.people.principal(self.people.drawn.courses[course])
        owner = Principal(known.account_id, dict.fromkeys(known.organisations, Role.OWNER))
        if self.chance.random() < 0.5:
            title = {"title": f"Course {self.chance.randrange(1000)}"}
            lists = tuple(f"courses {each.account}" for each in self.members[course])
            path = f"/v1/courses/{uid(Kind.COURSE, course)}"
            return Call(owner, "PATCH", path, lists, title)
        book = self.people.book(course)
        path = f"/v1/materials/{book}/notes/published"
        keys = (f"state {book}", f"notes {book}")
        return Call(owner, "PUT", path, keys, {"published": True})


def bound(calls: list[Call]) -> float:
    """Loads a read of an infinite cache."""
    kept: set[str] = set()
    loads = reads = 0
    for call in calls:
        if call.method == "GET":
            reads += 1
            loads += len(set(call.keys) - kept)
            kept.update(call.keys)
        else:
            kept.difference_update(call.keys)
    return loads / reads


async def _nothing() -> None:
    pass


class Asking:
    def __init__(self, app: Served, key: SigningKey, api: httpx.AsyncClient) -> None:
        self._url, self._key, self._api = app.url, key, api

    async def transactions_a_read(
        self, calls: list[Call], before_each: Callable[[], Awaitable[None]] = _nothing
    ) -> float:
        reads = made = 0
        for reading, run in groupby(calls, key=lambda call: call.method == "GET"):
            before = await self._transactions()
            for call in run:
                await before_each()
                await self._send(call)
                reads += reading
            if reading:
                made += await self._transactions() - before
        return made / reads

    async def _send(self, call: Call) -> None:
        headers = {"Authorization": f"Bearer {self._key.sign(call.who)}"}
        url = f"{self._url}{call.path}"
        answer = await self._api.request(call.method, url, headers=headers, json=call.body)
        if answer.is_error:
            raise RuntimeError(f"{call.method} {call.path}: {answer.text}")

    async def _transactions(self) -> int:
        told = (await self._api.get(f"{self._url}/metrics")).raise_for_status().text
        return sum(int(float(each)) for each in _MADE.findall(told))


_MADE = re.compile(r"^studium_database_transactions_total\{.*\} (\S+)$", re.MULTILINE)


async def measured(calls: list[Call]) -> tuple[float, float]:
    """Transactions a read: without a cache, and with it."""
    async with (
        population.opened(ACCOUNTS) as opened,
        served.studium(opened.model_copy(update=UNLIMITED), *served.EVERY_WEB) as web,
        httpx.AsyncClient(timeout=30) as api,
        Redis.from_url(opened.redis) as valkey,
    ):

        async def emptied() -> None:
            await valkey.flushall()
            await asyncio.sleep(HEARD_SECONDS)

        key = open_signing_key(opened.home / "secrets" / "signing-key.pem")
        asking = Asking(web, key, api)
        without = await asking.transactions_a_read(calls[:WITHOUT], emptied)
        await emptied()
        return without, await asking.transactions_a_read(calls)


async def main() -> bool:
    calls = list(Trace(People(draw(ACCOUNTS))).calls(CALLS))
    without, cached = await measured(calls)
    saved, best = (100 * (1 - each / without) for each in (cached, bound(calls)))
    return show(
        "cache",
        f"{CALLS:,} calls of {PERSONS} people, {WRITES:.0%} of them writes",
        [
            Figure(
                "reads taken off the databases",
                f"{cached:.3f} transactions a read",
                f"without a cache {without:.3f}",
                saved,
                MARK,
                "%",
                at_least=True,
            ),
            Figure(
                "the same, of an infinite cache",
                f"{bound(calls):.3f} loads a read",
                "",
                best,
                None,
                "%",
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
