"""A small population whose planner believes in a million accounts."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench import planner_statistics, population, served
from bench.population_draw import draw
from bench.population_people import People
from studium import bootstrap
from studium.runtime.database import open_database
from studium.settings import Settings
from tests.plans import calls, explain
from tests.plans.explain import Explained

ACCOUNTS, BOOKS = 1_000, 4
STATISTICS = Path(__file__).with_name("statistics.json")
DATABASES = ("users", "courses")


@asynccontextmanager
async def believing() -> AsyncIterator[Settings]:
    """Engines of their own: what the planner is told there would mislead other tests."""
    saved = json.loads(STATISTICS.read_text())
    async with served.engines() as settings:
        for database in DATABASES:
            async with population.superuser(settings, database) as connection:
                await connection.execute("ALTER SYSTEM SET autovacuum = off")
                await connection.execute("SELECT pg_reload_conf()")
        await population.populate(settings, draw(ACCOUNTS), BOOKS)
        for database in DATABASES:
            async with population.superuser(settings, database) as connection:
                await planner_statistics.restore(connection, saved[database])
        yield settings


async def explained(settings: Settings, accounts: int) -> Explained:
    """The plans of all calls."""
    for database in DATABASES:
        async with population.superuser(settings, database) as connection:
            await explain.prepare(connection)
    system = open_database(settings.courses_db_system)
    async with bootstrap.open_engines(settings) as engines:
        ready = bootstrap.readiness(engines)
        app = bootstrap.build_app(
            engines, bootstrap.gather_peers(engines), ready, list(bootstrap.SERVICES)
        )
        people = People(draw(accounts))
        transport = httpx.ASGITransport(app=app)
        with explain.explaining() as found:
            async with httpx.AsyncClient(transport=transport, base_url="http://plans.test") as api:
                world = calls.World(engines, system, api, people, people.students(), found)
                await calls.run(world)
        await system.close()
    return found


def written(found: Explained) -> str:
    """The saved form: call, statement, plan; a second plan where the values decide."""
    parts = []
    for call, statements in found.plans.items():
        parts.append(f"── {call}")
        for statement, plans in statements.items():
            parts.append(shortened(statement))
            parts += [_shown(plan, second=n > 0) for n, plan in enumerate(plans)]
            parts.append("")
    return "\n".join(parts)


def _shown(plan: explain.Plan, *, second: bool) -> str:
    lines = "\n".join(f"    {line}" for line in plan.shape)
    return f"  for these values\n{lines}" if second else lines


MOST_CHARACTERS = 220


_MANY = re.compile(r"IN \(\$\d+::UUID(, \$\d+::UUID)+\)")


def shortened(statement: str) -> str:
    statement = _MANY.sub("IN (…)", statement)  # how many depends on what was found
    if len(statement) <= MOST_CHARACTERS:
        return statement
    half = MOST_CHARACTERS // 2
    return f"{statement[:half]} … {statement[-half:]}"
