"""Every page, light and dark: no finding of axe, no sideways scrolling on a small phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

PAGES: dict[str, Callable[[Any], str]] = {
    "today": lambda _: "/",
    "courses": lambda _: "/courses",
    "course": lambda shelf: str(shelf.course_path),
    "people": lambda shelf: str(shelf.people_path),
    "search": lambda shelf: f"{shelf.search_path}&q=example",
    "reader": lambda shelf: f"{shelf.book_path}?page=2",
    "reader-search": lambda shelf: f"{shelf.book_path}?tab=search",
    "settings": lambda _: "/settings",
    "join": lambda _: "/join/a-code",
    "not-found": lambda _: "/nowhere",
}
THEMES = ["light", "dark"]


async def _settled(page: Page) -> None:
    await expect(page.locator("#main")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["/login", "/register"])
async def test_a_guests_page_has_no_barrier(visit: Any, audit: Any, name: str, theme: str) -> None:
    page = await visit(name, scheme=theme)
    await _settled(page)
    assert await audit(page) == ""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_has_no_barrier(
    visit: Any, audit: Any, shelf: Any, name: str, theme: str
) -> None:
    page = await visit(PAGES[name](shelf), person=shelf.teacher, scheme=theme)
    await _settled(page)
    assert await audit(page) == ""


@pytest.mark.parametrize("theme", THEMES)
async def test_what_opens_above_a_page_has_no_barrier(
    visit: Any, audit: Any, shelf: Any, theme: str
) -> None:
    page: Page = await visit("/courses", person=shelf.teacher, scheme=theme)
    await _settled(page)
    await page.get_by_role("button", name="Notifications").click()
    assert await audit(page) == ""
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="New course").click()
    assert await audit(page) == ""
    await page.get_by_role("button", name="Cancel").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert await audit(page) == ""


@pytest.mark.parametrize("theme", THEMES)
async def test_a_highlighted_page_and_the_sheet_on_a_phone_have_no_barrier(
    visit: Any, audit: Any, shelf: Any, theme: str
) -> None:
    page: Page = await visit(shelf.book_path, person=shelf.teacher, scheme=theme, width=390)
    await _settled(page)
    await page.locator("a.citation").first.click()
    await expect(page.locator(".quote-mark").first).to_be_in_viewport()
    assert await audit(page) == ""
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("a.citation").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_320_pixels(visit: Any, shelf: Any, name: str) -> None:
    page: Page = await visit(PAGES[name](shelf), person=shelf.teacher, width=320)
    await _settled(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_from_right_to_left(visit: Any, shelf: Any, name: str) -> None:
    page: Page = await visit(PAGES[name](shelf), person=shelf.teacher, width=390)
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await _settled(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
