"""The whole path without a mouse."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import FileChooser, Page, expect

FOCUSED = """(() => {
  const element = document.activeElement;
  if (element === document.body) return "";
  return (element.ariaLabel || element.labels?.[0]?.innerText || element.innerText || "").trim();
})()"""


async def _tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element of that name has the focus, as a person would."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        if re.search(name, str(focused)):
            return
    raise AssertionError(f"Tab never reaches {name!r}")


async def test_from_login_to_the_highlighted_quote(visit: Any, register: Any, sample: Path) -> None:
    person = await register("Katherine Johnson")
    page: Page = await visit("/login")

    async def choose(chooser: FileChooser) -> None:
        await chooser.set_files(sample)

    page.on("filechooser", choose)
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await _tab_to(page, "E-mail")
    await page.keyboard.type(person.email)
    await _tab_to(page, "Password")
    await page.keyboard.type("a long enough sentence")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Katherine")).to_be_visible()

    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await expect(page.get_by_role("heading", name="Courses", exact=True)).to_be_visible()
    await _tab_to(page, "New course")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Orbits")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Orbits")).to_be_visible()

    await _tab_to(page, "Choose PDF")
    await page.keyboard.press("Enter")
    toast = page.get_by_role("status").filter(has_text="Your AI Notes are ready!")
    await expect(toast).to_be_visible(timeout=180_000)
    await _tab_to(page, "^Open$")
    await page.keyboard.press("Enter")

    await expect(page.locator("a.citation").first).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(page.locator("a.citation").first).to_be_focused()
    await expect(page.get_by_role("tooltip")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator(".quote-mark").first).to_be_in_viewport()


async def test_the_splitter_moves_by_arrow_keys(visit: Any, shelf: Any) -> None:
    page: Page = await visit(shelf.book_path, person=shelf.teacher)
    # The panes have their places once both sides are there.
    await expect(page.locator(".pdf-page canvas").first).to_be_visible()
    await expect(page.locator(".notes-section").first).to_be_visible()
    splitter = page.get_by_role("separator")
    await splitter.focus()
    before = await page.locator(".side").evaluate("(side) => side.clientWidth")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    wider = "(before) => document.querySelector('.side').clientWidth > before"
    await page.wait_for_function(wider, arg=before)
    await page.keyboard.press("End")
    await expect(splitter).to_have_attribute("aria-valuenow", "75")


async def test_brackets_turn_the_pages(visit: Any, shelf: Any) -> None:
    page: Page = await visit(f"{shelf.book_path}?page=2", person=shelf.teacher)
    place = page.get_by_label("Go to page of the PDF")
    await expect(place).to_have_value("2")
    await page.keyboard.press("]")
    await expect(place).to_have_value("3")
    await page.keyboard.press("[")
    await expect(place).to_have_value("2")


async def test_shortcuts_stay_out_of_inputs_and_can_be_switched_off(visit: Any, shelf: Any) -> None:
    page: Page = await visit(shelf.course_path, person=shelf.teacher)
    field = page.get_by_role("searchbox")
    await expect(field).to_be_visible()
    await page.keyboard.press("/")
    await expect(field).to_be_focused()
    await page.keyboard.type("g c?")
    await expect(field).to_have_value("g c?")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("switch", name="Use keyboard shortcuts").uncheck()
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_following_citations_turns_the_book_to_the_focused_one(
    visit: Any, shelf: Any
) -> None:
    page: Page = await visit(shelf.book_path, person=shelf.teacher)
    await expect(page.locator("a.citation").first).to_be_visible()
    await page.get_by_role("switch", name="Follow citations").check()
    await page.keyboard.press("j")
    await expect(page.locator(".quote-mark").first).to_be_in_viewport()
