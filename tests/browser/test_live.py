"""What arrives by itself: progress, the resumed channel, and one session for two tabs."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

STAGES = [
    ({"status": "processing", "stage": "planning"}, "Processing… Finding the chapters"),
    (
        {"status": "processing", "stage": "reading", "progress": {"done": 120, "total": 500}},
        "Processing… Reading pages 120/500",
    ),
    (
        {"status": "processing", "stage": "indexing", "progress": {"done": 300, "total": 900}},
        "Processing… Indexing 300/900",
    ),
    ({"status": "ready", "stage": "done"}, "Ready"),
    ({"status": "failed", "problem": "The file is cut off. Export it again."}, "Could not be read"),
    ({"status": "cancelled"}, "Stopped"),
]


@pytest.mark.parametrize(("state", "words"), STAGES, ids=[words for _, words in STAGES])
async def test_the_badge_says_where_the_book_is(
    visit: Any, shelf: Any, state: dict[str, Any], words: str
) -> None:
    page: Page = await visit("/settings", person=shelf.teacher)

    async def in_that_state(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["items"][0].update({"receipt": None, "problem": None, **state})
        await route.fulfill(response=answer, json=body)

    await page.route(re.compile(r"/materials\?"), in_that_state)
    await page.get_by_role("link", name="Courses").first.click()
    await page.get_by_role("link", name="The sample course").click()
    await expect(page.locator(".book .badge")).to_have_text(words)
    if problem := state.get("problem"):
        await expect(page.locator(".book")).to_contain_text(problem)
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_the_badge_counts_the_sections_of_the_notes(visit: Any, shelf: Any) -> None:
    page: Page = await visit("/settings", person=shelf.teacher)

    async def writing(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body.update({"status": "writing", "written": 3, "total": 14})
        await route.fulfill(response=answer, json=body)

    await page.route("**/notes/state", writing)
    await page.get_by_role("link", name="Courses").first.click()
    await page.get_by_role("link", name="The sample course").click()
    await expect(page.locator(".book .badge")).to_have_text("Writing notes 3/14")


async def test_an_upload_shows_its_share_and_can_be_stopped(
    visit: Any, shelf: Any, sample: Path
) -> None:
    page: Page = await visit(shelf.course_path, person=shelf.teacher)
    await expect(page.locator(".book")).to_have_count(1)
    slow = await page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 64_000}
    await slow.send("Network.enable")
    await slow.send("Network.emulateNetworkConditions", limits)
    await page.locator("input[type=file]").set_input_files(sample)
    await expect(page.locator(".badge", has_text=re.compile(r"^Uploading \d+ %$"))).to_be_visible()
    await page.get_by_role("button", name=f"Stop uploading {sample.name}").click()
    await expect(page.locator(".book")).to_have_count(1)


async def test_a_lost_channel_resumes_after_the_last_notification(
    visit: Any, shelf: Any, app_url: str
) -> None:
    page: Page = await visit("/nowhere", person=shelf.teacher)
    addresses: list[str] = []
    resumed = asyncio.Event()

    async def lose_the_first(socket: WebSocketRoute) -> None:
        addresses.append(socket.url)
        server = socket.connect_to_server()
        if len(addresses) > 1:
            resumed.set()
            return

        async def then_close(message: str | bytes) -> None:
            socket.send(message)
            if json.loads(message)["type"] == "hello":
                await socket.close(code=1012, reason="restarting")

        server.on_message(then_close)

    await page.context.route_web_socket("**/v1/ws**", lose_the_first)
    await page.goto(app_url + "/courses")
    async with asyncio.timeout(30):
        await resumed.wait()
    first, second = (parse_qs(urlsplit(address).query) for address in addresses)
    assert int(first["since"][0]) > 0
    assert first["since"] == second["since"]
    assert first["ticket"] != second["ticket"]


async def test_two_tabs_share_one_session(visit: Any, shelf: Any, app_url: str) -> None:
    page: Page = await visit("/nowhere", person=shelf.teacher)
    other = await page.context.new_page()
    await asyncio.gather(page.goto(app_url + "/courses"), other.goto(app_url + "/courses"))
    for tab in (page, other):
        await expect(tab.get_by_role("link", name="The sample course")).to_be_visible()
