"""What row-level security costs: the hot queries as the application's role, which the policies
bind, and as a role that they do not bind, on the same rows.

CPU of the PostgreSQL backend. `transaction` is the whole of it, as a request does it; its other
side neither tells PostgreSQL whose rows may be seen nor is asked for it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bench import served
from bench.marks import Figure
from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.core.identity import Principal, Role
from studium.runtime.database import Database, open_database, scope_of
from studium.runtime.paging import USUAL
from studium.services.courses import queries as courses
from studium.services.library import queries as library
from studium.settings import Settings

ORGANISATIONS, COURSES, STUDENTS, BOOKS, PASSAGES = 500, 20, 30, 10, 20
TIMES, SLICES = 25, 60
PASSWORD = "only-for-this-measurement"  # of a database that ends with the run

# Ids are counted, so that every run has the same rows: 1… organisations, 2… courses, and so on.
_ID = "(lpad({kind}::text, 8, '0') || '-0000-7000-8000-' || lpad(({number})::text, 12, '0'))::uuid"


def _id(kind: int, number: str) -> str:
    return _ID.format(kind=kind, number=number)


POPULATION = f"""
INSERT INTO courses.courses (id, organisation_id, title, created_by)
SELECT {_id(2, "n")}, {_id(1, f"n / {COURSES}")}, 'Course ' || n, {_id(3, "0")}
FROM generate_series(0, {ORGANISATIONS * COURSES - 1}) AS n;
INSERT INTO courses.enrolments (course_id, account_id, organisation_id, role)
SELECT {_id(2, "n")}, {_id(3, f"n / {COURSES} * 100 + (n * 7 + k) % 100")},
    {_id(1, f"n / {COURSES}")}, 'student'
FROM generate_series(0, {ORGANISATIONS * COURSES - 1}) AS n,
    generate_series(0, {STUDENTS - 1}) AS k;
INSERT INTO library.materials
    (id, organisation_id, course_id, uploaded_by, title, file_name, bytes, sha256, object_key)
SELECT {_id(4, "m")}, {_id(1, f"m / {COURSES * BOOKS}")}, {_id(2, f"m / {BOOKS}")}, {_id(3, "0")},
    'Book ' || m, 'book.pdf', 1000, decode(lpad(m::text, 64, '0'), 'hex'), 'key'
FROM generate_series(0, {ORGANISATIONS * COURSES * BOOKS - 1}) AS m;
INSERT INTO library.passages (id, material_id, organisation_id, course_id, range_number, section,
    position, page_from, page_to, start_offset, end_offset, text, content_hash)
SELECT {_id(5, "p")}, {_id(4, f"p / {PASSAGES}")}, {_id(1, f"p / {COURSES * BOOKS * PASSAGES}")},
    {_id(2, f"p / {BOOKS * PASSAGES}")}, 0, 0, p % {PASSAGES}, 1, 1, 0, 100,
    repeat('words ', 60), '\\x00'
FROM generate_series(0, {20 * COURSES * BOOKS * PASSAGES - 1}) AS p;
ANALYZE courses.courses, courses.enrolments, library.materials, library.passages;
"""


def _uuid(kind: int, number: int) -> UUID:
    return UUID(f"{kind:08d}-0000-7000-8000-{number:012d}")


ORGANISATION = 7
PRINCIPAL = Principal(_uuid(3, ORGANISATION * 100 + 85), {_uuid(1, ORGANISATION): Role.STUDENT})
COURSE = ORGANISATION * COURSES
HITS = [_uuid(5, COURSE * BOOKS * PASSAGES + number) for number in range(0, 190, 19)]

Query = Callable[[AsyncSession], Awaitable[object]]
QUERIES: dict[str, Query] = {
    "my courses": lambda session: courses.visible(session, PRINCIPAL, None, USUAL),
    "one course": lambda session: courses.find(session, PRINCIPAL, _uuid(2, COURSE)),
    "books of a course": lambda session: library.of_course(session, _uuid(2, COURSE)),
    "one book": lambda session: library.view(session, _uuid(4, COURSE * BOOKS)),
    "ten passages": lambda session: library.passages(session, HITS),
}


@dataclass(frozen=True, slots=True)
class Side:
    database: Database
    tells: bool
    """Whether its transactions say whose rows may be seen."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        if self.tells:
            async with self.database.transaction(scope_of(PRINCIPAL)) as session:
                yield session
        else:
            async with AsyncSession(self.database.engine) as session, session.begin():
                yield session

    async def query(self, query: Query) -> float:
        """CPU seconds of the backend for one query inside of a transaction."""
        async with self.transaction() as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            before = served.cpu_of(pid)
            for _ in range(TIMES):
                session.expunge_all()
                await query(session)
            return (served.cpu_of(pid) - before) / TIMES

    async def whole(self, query: Query) -> float:
        """The same with its transaction."""
        async with self.transaction() as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
        before = served.cpu_of(pid)
        for _ in range(TIMES):
            async with self.transaction() as session:
                await query(session)
        return (served.cpu_of(pid) - before) / TIMES


async def populate(settings: Settings) -> str:
    """The URL of a role with the application's rights that no policy binds."""
    parts = urlsplit(settings.courses_db)
    role = "bench_unbound"
    password = Home(settings.home).secret(cluster.SUPERUSER)
    connection = await cluster.connect(parts.port or 0, password, parts.path.strip("/"))
    try:
        await connection.execute(f"CREATE ROLE {role} LOGIN BYPASSRLS PASSWORD '{PASSWORD}'")
        await connection.execute(f"GRANT studium_app TO {role}")
        await connection.execute(POPULATION)
    finally:
        await connection.close()
    place = f"{role}:{PASSWORD}@{parts.hostname}:{parts.port}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


async def figures(settings: Settings) -> list[Figure]:
    unbound = open_database(await populate(settings))
    bound = open_database(settings.courses_db)
    try:
        on, off = Side(bound, tells=True), Side(unbound, tells=False)
        found = []
        for name, query in QUERIES.items():
            await _same(on, off, query)
            pairs = [(await on.query(query), await off.query(query)) for _ in range(SLICES)]
            found.append(_figure(f"row-level security: {name}", pairs, 1.1))
        mine = QUERIES["my courses"]
        pairs = [(await on.whole(mine), await off.whole(mine)) for _ in range(SLICES)]
        found.append(_figure("the same, my courses in a transaction", pairs, None))
        return found
    finally:
        await bound.close()
        await unbound.close()


async def _same(on: Side, off: Side, query: Query) -> None:
    """Both sides see the same, and something."""
    async with on.transaction() as one, off.transaction() as other:
        seen, all_of_it = await query(one), await query(other)
        if not seen or repr(seen) != repr(all_of_it):
            raise RuntimeError(f"not the same: {seen!r} {all_of_it!r}")


def _figure(what: str, pairs: list[tuple[float, float]], mark: float | None) -> Figure:
    one, other = (median(side) * 1e6 for side in zip(*pairs, strict=True))
    return Figure(what, f"{one:.0f} µs", f"{other:.0f} µs", median(a / b for a, b in pairs), mark)
