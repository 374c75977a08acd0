"""A book is read, found and deleted where the passages are searchable in Qdrant."""

import asyncio

import httpx
import pytest

from studium.commands.process import EVERYTHING, Roles
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, heard_until
from tests.ports.vectors import MODES, SERVER
from tests.services.library.books import tiny_book


async def ready(base: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=base) as client:
        return await client.get("/readyz")


@pytest.mark.parametrize("url", ["qdrant::memory:", *([f"qdrant:{SERVER}"] if SERVER else [])])
async def test_a_book_is_found_until_it_is_deleted(settings: Settings, url: str) -> None:
    async with running(settings.model_copy(update={"vectors": url}), EVERYTHING) as base:
        assert (await ready(base)).json()["engines"]["vectors"] == "ok"
        browser = Browser(base)
        await browser.register("teacher")
        course = await browser.ok("POST", "/v1/courses", json={"title": "Books"})
        async with browser.listening() as heard:
            material = await browser.upload(course["id"], tiny_book())
            await heard_until(heard, "notes.ready")
        search = f"/v1/courses/{course['id']}/search?q=forgetting+curve&mode="
        for mode in MODES:
            results = (await browser.ok("GET", search + mode))["results"]
            assert results[0]["page"] == 1
            assert "forgetting curve" in results[0]["text"]
        await browser.ok("DELETE", f"/v1/materials/{material['id']}")
        async with asyncio.timeout(30):
            while (await browser.ok("GET", search + "hybrid"))["results"]:  # noqa: ASYNC110 - a worker tells nobody
                await asyncio.sleep(0.1)


async def test_without_its_server_nobody_is_let_in(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"vectors": "qdrant:http://127.0.0.1:9"})
    async with running(nowhere, Roles(http=("library",))) as base:
        answer = await ready(base)
        assert answer.status_code == 503
        assert "Qdrant" in answer.json()["engines"]["vectors"]
