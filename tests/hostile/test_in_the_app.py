"""Hostile books beside somebody's good one, in a running Studium."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from studium.commands.process import EVERYTHING
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, heard_until
from tests.hostile.corpus import FILES, MIB
from tests.hostile.memory import Watched
from tests.services.library.books import tiny_book

CHOSEN = (
    "flate bomb of 1 GiB",
    "form that draws itself",
    "a page of 5 million characters",
    "labels in a circle",
    "100,000 pages",
    "cut at 7/11",
    "locked for everybody",
    "characters that are none",
)
PATIENCE = 240


async def ended(person: Browser, material: str) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = await person.ok("GET", f"/v1/materials/{material}")
            if seen["status"] != "processing":
                return seen
            await asyncio.sleep(0.5)


@pytest.mark.timeout(600)
async def test_nobody_else_notices(settings: Settings) -> None:
    """Each hostile book ends with a receipt or a word; the good one needs no second attempt; the
    process does not grow, because no hostile byte is parsed in it.
    """
    async with running(settings, EVERYTHING) as base:
        stranger, teacher = Browser(base), Browser(base)
        await stranger.register("stranger")
        await teacher.register("teacher")
        theirs = await stranger.ok("POST", "/v1/courses", json={"title": "Hostile"})
        course = await teacher.ok("POST", "/v1/courses", json={"title": "Memory"})
        files = [FILES[name].make() for name in CHOSEN]
        with Watched() as memory:
            hostile = [await stranger.upload(theirs["id"], content) for content in files]
            async with teacher.listening() as heard:
                good = await teacher.upload(course["id"], tiny_book())
                await heard_until(heard, "notes.ready")
            for name, material in zip(CHOSEN, hostile, strict=True):
                check(name, await ended(stranger, material["id"]))
        assert memory.grown < 80 * MIB
    assert await most_attempts(settings, good["id"]) <= 2


def check(name: str, seen: Any) -> None:
    receipt = seen["receipt"]
    if seen["status"] == "failed":
        assert "upload" in seen["problem"] or "Split" in seen["problem"], name
        return
    assert seen["status"] == "ready", name
    assert receipt["total"] == receipt["indexed"] + receipt["empty"] + receipt["failed"]
    assert len(receipt["failures"]) == receipt["failed"]


async def most_attempts(settings: Settings, material: str) -> int:
    url = make_url(settings.courses_db_system)
    connection = await asyncpg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        return int(
            await connection.fetchval(
                "SELECT max(d.attempt) FROM events.deliveries d JOIN events.events e"
                " ON e.id = d.event_id WHERE e.payload->>'material_id' = $1",
                material,
            )
        )
    finally:
        await connection.close()
