"""What a student reads is on the teacher's chart and table, in light and dark and on a phone."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Audit, Shelf, Visit


async def test_what_is_read_is_told_even_when_the_network_fails_and_shown(
    visit: Visit, shelf: Shelf, app_url: str, forgiven: list[str]
) -> None:
    forgiven.append("ERR_FAILED")
    page: Page = await visit(shelf.book_path, person=shelf.teacher)
    tried: list[list[dict[str, Any]]] = []

    async def fail_once(route: Route) -> None:
        tried.append(json.loads(route.request.post_data or "")["events"])
        await (route.abort() if len(tried) == 1 else route.continue_())

    await page.route("**/v1/events", fail_once)
    async with page.expect_response("**/v1/events", timeout=60_000) as answered:
        await expect(page.locator(".notes-section").first).to_be_visible()
    assert (await answered.value).status == 202
    first, second = ([event["id"] for event in each] for each in tried)
    assert first == second[: len(first)]
    assert {event["kind"] for event in tried[1]} == {"page.read", "section.read"}
    untold = "JSON.parse(localStorage.getItem('studium.untold')).length"
    await page.wait_for_function(f"{untold} === 0")
    await page.goto(app_url + shelf.activity_path)
    await expect(page.locator(".chart canvas")).to_be_visible()
    await expect(page.get_by_text("In the last 28 days: 2 pages and sections read")).to_be_visible()
    await page.get_by_text("View as table").click()
    await expect(page.get_by_role("row").filter(has_text="Pages read")).to_contain_text("1")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "dark")])
async def test_the_chart_fits_and_axe_finds_nothing(
    visit: Visit, shelf: Shelf, audit: Audit, width: int, scheme: str
) -> None:
    page: Page = await visit(shelf.activity_path, person=shelf.teacher, width=width, scheme=scheme)
    await expect(page.locator(".chart canvas")).to_be_visible()
    await page.get_by_text("View as table").click()
    assert await audit(page) == ""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
