"""No row of one organisation is shown to another, even where a filter was forgotten.

Which route answers whom stands in tests/security/matrix.py.
"""

from sqlalchemy import text

from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from tests.services.conftest import Person, Register
from tests.services.library.books import upload_tiny_book


async def test_what_is_ones_own_shows_nothing_of_others(register: Register, ada: Person) -> None:
    await upload_tiny_book(ada, (await ada.course("Ada's secret course"))["id"])
    mallory = await register("Mallory")
    assert (await mallory.api.get("/v1/courses")).json()["items"] == []
    assert (await mallory.api.get("/v1/notifications")).json()["items"] == []


async def test_the_database_shows_no_row_where_nothing_is_told(engines: Engines) -> None:
    """Row-level security holds for the app's role even with the filter forgotten."""
    for database, tables in ((engines.users, USERS), (engines.courses, COURSES)):
        async with database.transaction(Scope()) as session:
            for table in tables:
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


USERS = ("accounts", "credentials", "organisations", "memberships", "refresh_families")
COURSES = (
    "events.events",
    "events.deliveries",
    "courses.courses",
    "courses.enrolments",
    "courses.invitations",
    "library.materials",
    "library.uploads",
    "library.resumable_uploads",
    "library.ranges",
    "library.sections",
    "library.pages",
    "library.passages",
    "notes.note_sets",
    "notes.sections",
    "realtime.counters",
    "realtime.notifications",
)
ALL_TABLES = text(
    "SELECT n.nspname || '.' || c.relname, c.relrowsecurity AND c.relforcerowsecurity"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    " AND c.relname <> 'alembic_version'"
)


async def test_every_table_forces_row_level_security(engines: Engines) -> None:
    for database in (engines.users, engines.courses):
        async with database.transaction(Scope()) as session:
            unguarded = [name for name, forced in await session.execute(ALL_TABLES) if not forced]
            assert not unguarded
