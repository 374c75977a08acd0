"""The main path: an account, a course, a book, and notes that open the page they quote."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect


async def _register(page: Page) -> None:
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Name").fill("Ada Lovelace")
    await page.get_by_label("E-mail").fill(f"ada-{id(page)}@example.org")
    await page.get_by_label("Password").fill("a sentence to remember")
    await page.get_by_role("button", name="Create account").click()


async def _create_course(page: Page) -> None:
    await page.get_by_role("link", name="Create a course").click()
    await page.get_by_role("button", name="New course").click()
    await page.get_by_label("Title").fill("Analytical engines")
    await page.get_by_role("button", name="Create course").click()


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


# The words of the page below each highlighted box, through the text layer.
HIGHLIGHTED = """() => {
  const boxes = [...document.querySelectorAll(".quote-mark")].map((m) => m.getBoundingClientRect());
  const walker = document.createTreeWalker(
    document.querySelector(".quote-mark").closest(".pdf-page").querySelector(".textLayer"),
    NodeFilter.SHOW_TEXT,
  );
  const range = document.createRange();
  let text = "";
  while (walker.nextNode()) {
    for (let at = 0; at < walker.currentNode.length; at++) {
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      const letter = range.getBoundingClientRect();
      const x = letter.x + letter.width / 2;
      const y = letter.y + letter.height / 2;
      if (boxes.some((b) => b.left <= x && x <= b.right && b.top <= y && y <= b.bottom))
        text += walker.currentNode.data[at];
    }
  }
  return text;
}"""


async def test_a_book_becomes_notes_that_open_the_page_they_quote(visit: Any, sample: Path) -> None:
    page: Page = await visit("/")
    await _register(page)
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    await _create_course(page)
    await expect(page.get_by_role("heading", name="No books yet")).to_be_visible()

    await page.locator("input[type=file]").set_input_files(sample)
    badge = page.locator(".badge", has_text=re.compile("Uploading|Processing|Writing notes|Ready"))
    await expect(badge.first).to_be_visible()

    # One keeps browsing; the toast comes to wherever one is.
    await page.get_by_role("link", name="Today").first.click()
    toast = page.get_by_role("status").filter(has_text="Your AI Notes are ready!")
    await expect(toast).to_be_visible(timeout=180_000)
    await toast.get_by_role("link", name="Open").click()

    await expect(page.locator(".notes-section[data-status=ready]").first).to_be_visible()
    citation = page.locator("a.citation").nth(1)
    await citation.hover()
    quote = await page.get_by_role("tooltip").locator("blockquote").inner_text()
    wanted = await citation.get_attribute("data-page")
    await citation.click()

    mark = page.locator(".quote-mark").first
    await expect(mark).to_be_in_viewport()
    shown = page.locator(".pdf-page", has=mark)
    assert await shown.get_attribute("data-page") == wanted
    assert _letters(quote) == _letters(await page.evaluate(HIGHLIGHTED))


async def test_back_returns_to_the_place_in_the_book(visit: Any, shelf: Any) -> None:
    page: Page = await visit(shelf.book_path, person=shelf.teacher)
    book = page.get_by_label("Go to page of the PDF")
    first = page.locator("a.citation").first
    last = page.locator("a.citation").last
    await first.click()
    await expect(page.locator(".quote-mark").first).to_be_in_viewport()
    place = await page.locator(".pdf-scroller").evaluate("(box) => box.scrollTop")

    await last.click()
    await expect(book).not_to_have_value(str(await first.get_attribute("data-page")))
    await page.go_back()
    await expect(book).to_have_value(str(await first.get_attribute("data-page")))
    assert await page.locator(".pdf-scroller").evaluate("(box) => box.scrollTop") == place

    await page.reload()
    await expect(page.locator(".quote-mark").first).to_be_in_viewport()


async def test_a_quote_that_is_not_on_the_page_says_so_and_marks_nothing(
    visit: Any, shelf: Any
) -> None:
    page: Page = await visit(shelf.book_path, person=shelf.teacher)
    citation = page.locator("a.citation").first
    await citation.evaluate("(link) => { link.dataset.quote = 'These words stand nowhere.'; }")
    await citation.click()
    await expect(page.get_by_text("The quote was not found")).to_be_visible()
    await expect(page.locator(".quote-mark")).to_have_count(0)


async def test_the_printed_label_stands_beside_the_page(visit: Any, shelf: Any) -> None:
    page: Page = await visit(f"{shelf.book_path}?page=3", person=shelf.teacher)
    row = page.locator(".pdf-row", has=page.locator(".pdf-page[data-page='3']"))
    label = await row.locator(".pdf-label").inner_text()
    name = f"Page {label}, page 3 of the PDF"
    await expect(row.get_by_role("region", name=name)).to_be_visible()


async def test_search_leads_to_the_page(visit: Any, shelf: Any) -> None:
    page: Page = await visit(shelf.search_path, person=shelf.teacher)
    await page.get_by_role("searchbox").fill("example")
    await page.keyboard.press("Enter")
    result = page.locator(".result").first
    place = await result.get_by_role("link").inner_text()
    await result.get_by_role("link").click()
    number = re.findall(r"\d+", place)[-1]
    await expect(page.locator(f".pdf-page[data-page='{number}']")).to_be_visible()


async def test_the_notification_stays_in_the_list_and_is_read_there(visit: Any, shelf: Any) -> None:
    page: Page = await visit("/courses", person=shelf.teacher)
    bell = page.get_by_role("button", name=re.compile("^Notifications"))
    await bell.click()
    notice = page.get_by_role("link", name=re.compile("Your AI Notes are ready!"))
    await expect(notice).to_be_visible()
    await expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    await notice.click()
    await expect(page).to_have_url(re.compile(shelf.book_path))
