"""A page answers its person at any time, also while a book is sent, read and written about."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.tasks import watched

WORK = """() => setTimeout(() => {
  let sum = 0;
  for (let step = 0; step < 500_000_000; step++) sum += step % 7;
  window.worked = sum;
})"""
"""Steps, not milliseconds: where the processor is shared a clock runs on without work."""
SEEN = 100
"""Tasks of the page in an ingest, at the very least: fewer, and it was not watched."""


async def test_no_task_is_long_while_a_book_becomes_notes(
    visit: Any, register: Any, sample: Path
) -> None:
    page: Page = await visit("/courses", person=await register("Grace Hopper"))
    await page.get_by_role("button", name="New course").click()
    await page.get_by_label("Title").fill("Compilers")
    await page.get_by_role("button", name="Create course").click()
    await expect(page.get_by_role("heading", name="No books yet")).to_be_visible()

    async with watched(page) as tasks:
        await page.locator("input[type=file]").set_input_files(sample)
        await expect(page.locator(".book .badge")).to_have_text("Ready", timeout=180_000)
        toast = page.get_by_role("status").filter(has_text="Your AI Notes are ready!")
        await expect(toast).to_be_visible(timeout=180_000)
    assert len(tasks.cpu) > SEEN
    assert tasks.long_by_cpu == []


async def test_a_long_task_would_be_seen(visit: Any, shelf: Any) -> None:
    page: Page = await visit("/courses", person=shelf.teacher)
    await expect(page.get_by_role("link", name=re.compile("sample course"))).to_be_visible()
    async with watched(page) as tasks:
        await page.evaluate(WORK)
        await page.wait_for_function("window.longTasks.length > 0")
    assert tasks.long_by_cpu
