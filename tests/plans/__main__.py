"""Saves the plans anew: `PYTHONPATH=. python -m tests.plans`.

With `--statistics` first what the planner knows of a million accounts (`bench/population.py`).
"""

import asyncio
import sys

from bench import planner_statistics, population
from tests.plans.test_plans import SAVED
from tests.plans.world import ACCOUNTS, DATABASES, STATISTICS, believing, explained, written

MANY = 1_000_000


async def _save_statistics() -> None:
    saved = {}
    async with population.opened(MANY) as settings:
        for database in DATABASES:
            async with population.superuser(settings, database) as connection:
                saved[database] = await planner_statistics.save(connection)
    STATISTICS.write_text(planner_statistics.dumped(saved))


async def main(arguments: list[str]) -> None:
    if "--statistics" in arguments:
        await _save_statistics()
    async with believing() as settings:
        SAVED.write_text(written(await explained(settings, ACCOUNTS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
