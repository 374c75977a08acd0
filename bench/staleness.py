"""How long another process still answers what was there before a change.

Two web processes on the same engines, the value near in both. One is asked to change a course's
title; from the moment its answer is here the other is asked for the list of courses until it shows
the new title. `PYTHONPATH=. python -m bench.staleness`
"""

import asyncio
import sys
import time

import httpx

from bench import served
from bench.marks import Figure, show
from bench.open_loop import percentile

CHANGES, WARM = 400, 20
MARK_MS = 100.0


async def changed(here: httpx.AsyncClient, there: httpx.AsyncClient, course: str, n: int) -> float:
    """Milliseconds of a stale answer."""
    await there.get("/v1/courses")
    title = f"Title {n}"
    (await here.patch(f"/v1/courses/{course}", json={"title": title})).raise_for_status()
    started = time.perf_counter()
    while True:
        asked = time.perf_counter()
        listed = (await there.get("/v1/courses")).raise_for_status().json()["items"]
        if next(each["title"] for each in listed if each["id"] == course) == title:
            # An answer that was asked for before is as old as that moment.
            return max(0.0, asked - started) * 1000


async def main() -> bool:
    async with (
        served.engines() as settings,
        served.studium(settings, *served.EVERY_WEB) as one,
        served.studium(settings, *served.EVERY_WEB) as other,
        served.teacher(one.url, 1) as teacher,
        httpx.AsyncClient(base_url=other.url, timeout=30) as there,
    ):
        there.headers["Authorization"] = f"Bearer {teacher.token}"
        (course,) = teacher.courses
        waited = [await changed(teacher.api, there, course, n) for n in range(WARM + CHANGES)][
            WARM:
        ]
    p50, p99 = percentile(waited, 0.5), percentile(waited, 0.99)
    at_once = sum(each < 1 for each in waited)
    return show(
        "staleness",
        f"{CHANGES} changes, seen by another process",
        [
            Figure(
                "the old value is given out, p99",
                f"{p99:.1f} ms",
                f"p50 {p50:.1f} ms, {at_once} of {CHANGES} not at all",
                p99,
                MARK_MS,
                "ms",
            )
        ],
    )


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
