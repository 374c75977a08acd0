"""What the browser's main thread does while the sample book is sent, read and written about.

Studium as a teacher runs it, in a Chromium on the same machine, whose processors the ingest uses at
the same time. By the clock a task counts as long (> 50 ms) also where the processor was taken from
it in between; by its own processor time it counts for what the page does.

Beside it an empty page in the same browser, during the same kind of ingest: what it reports by the
clock is the machine's. `PYTHONPATH=. python bench/long_tasks.py`
"""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from statistics import median

from playwright.async_api import Browser, Page, async_playwright, expect

from bench.marks import Figure, show
from bench.responsiveness import SAMPLE, one_process
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.tasks import LONG_MS, Tasks, watched

ROUNDS = 3
PATIENCE_MS = 240_000
BEAT = "() => { setInterval(() => { document.body.dataset.beat = performance.now(); }, 100); }"
"""A page that does next to nothing, ten times a second."""


async def signed_in(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(60_000)
    await page.goto(f"{url}/register")
    await page.get_by_label("Name").fill("Grace Hopper")
    await page.get_by_label("E-mail").fill(f"grace-{secrets.token_hex(4)}@school.test")
    await page.get_by_label("Password").fill("a sentence to remember")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Grace")).to_be_visible()
    return page


async def in_a_course(page: Page, url: str, title: str) -> None:
    await page.goto(f"{url}/courses")
    await page.get_by_role("button", name="New course").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Create course").click()
    await expect(page.get_by_role("heading", name="No books yet")).to_be_visible(timeout=60_000)


async def ingest(page: Page) -> None:
    await page.locator("input[type=file]").set_input_files(SAMPLE)
    badge = page.locator(".book .badge")
    await expect(badge).to_have_text("Ready", timeout=PATIENCE_MS)
    toast = page.get_by_role("status").filter(has_text="Your AI Notes are ready!")
    await expect(toast).to_be_visible(timeout=PATIENCE_MS)


async def measured() -> tuple[list[Tasks], list[Tasks]]:
    """Of the app's page and of the empty one, in turn."""
    ours: list[Tasks] = []
    empty: list[Tasks] = []
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(one_process("minilm:"))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        page = await signed_in(browser, app.url)
        other = await (await browser.new_context()).new_page()
        await other.evaluate(BEAT)
        # The first ingest loads models and is not counted.
        for number in range(ROUNDS * 2 + 1):
            await in_a_course(page, app.url, f"Course {number}")
            side, seen = (ours, page) if number % 2 else (empty, other)
            async with watched(seen) as tasks:
                await ingest(page)
            side.append(tasks)
    return ours, empty[1:]


def figures(ours: list[Tasks], empty: list[Tasks]) -> list[Figure]:
    largest = median(each.cpu[0] for each in ours)
    spent = median(sum(each.cpu) for each in ours)
    by_clock = [len(each.wall) for each in ours]
    idle = [len(each.wall) for each in empty]
    long = sum(len(each.long_by_cpu) for each in ours)
    return [
        Figure(f"tasks > {LONG_MS} ms of their own processor", str(long), "–", long, 0, ""),
        Figure("the longest task's processor time", f"{largest:.0f} ms", "–", largest, 50, "ms"),
        Figure("processor time of all tasks", f"{spent:.0f} ms", "–", spent, None, "ms"),
        Figure(
            f"tasks > {LONG_MS} ms by the clock, an ingest",
            ", ".join(map(str, by_clock)),
            f"an empty page: {', '.join(map(str, idle))}",
            median(by_clock),
            0,
            "",
        ),
    ]


async def main() -> bool:
    ours, empty = await measured()
    title = "a page during an ingest of the sample book, MiniLM"
    return show("long-tasks", title, figures(ours, empty))


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
