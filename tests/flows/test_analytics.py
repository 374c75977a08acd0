"""From a book and its readers to the teacher's report, with everything in one process."""

import asyncio
from uuid import UUID, uuid4

from studium.commands.process import EVERYTHING
from studium.core.event import now
from studium.runtime.engines import Engines
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser
from tests.services.library.books import tiny_book

PATIENCE = 90


async def test_books_and_reading_are_counted_and_go_with_their_course(
    settings: Settings, engines: Engines
) -> None:
    async with running(settings, EVERYTHING) as base:
        ada = Browser(base)
        await ada.register("ada")
        course = await ada.ok("POST", "/v1/courses", json={"title": "Memory"})
        files = {"file": ("book.pdf", tiny_book(), "application/pdf")}
        book = await ada.ok("POST", f"/v1/courses/{course['id']}/materials", files=files)
        read = {"id": str(uuid4()), "kind": "page.read", "place": 1}
        read |= {"material_id": book["id"], "occurred_at": now().isoformat()}
        told = {"course_id": course["id"], "events": [read]}
        await ada.ok("POST", "/v1/events", json=told)

        kinds: dict[str, int] = {}
        async with asyncio.timeout(PATIENCE):
            while len(kinds) < 3:
                await asyncio.sleep(0.2)
                path = f"/v1/courses/{course['id']}/analytics/activity"
                found = (await ada.ok("GET", path))["items"]
                kinds = {row["kind"]: row["times"] for row in found}
        assert kinds == {"page.read": 1, "material.ready": 1, "notes.ready": 1}

        await ada.ok("DELETE", f"/v1/courses/{course['id']}")
        ids = UUID(course["organisation_id"]), UUID(course["id"])
        today = now().date()
        async with asyncio.timeout(PATIENCE):
            while await engines.warehouse.activity(*ids, today, today):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
