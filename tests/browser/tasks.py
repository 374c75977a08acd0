"""Tasks of a page's main thread that hold it for longer than a person's patience: 50 ms, what the
Long Tasks specification (W3C) calls long.

It counts a task from its beginning to its end. Where other processes hold the processor in between,
that says more of them than of the page, so each task's own processor time is told beside.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page

LONG_MS = 50
CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
OBSERVE = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push(task.duration);
  }).observe({ type: "longtask" });
}"""


@dataclass(slots=True)
class Tasks:
    """Milliseconds."""

    cpu: list[float] = field(default_factory=list)
    """Processor time of every task of the main thread, the longest first."""
    wall: list[float] = field(default_factory=list)
    """What the browser itself reports as long tasks, by the clock."""

    @property
    def long_by_cpu(self) -> list[float]:
        return [each for each in self.cpu if each > LONG_MS]


@asynccontextmanager
async def watched(page: Page) -> AsyncIterator[Tasks]:
    """The page's tasks while the block lasts. It must stay on the page: a new document would begin
    without the observer.
    """
    browser = page.context.browser
    if browser is None:
        raise RuntimeError("the page has no browser of its own to trace")
    tasks = Tasks()
    await page.evaluate(OBSERVE)
    await browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        yield tasks
    finally:
        trace = json.loads(await browser.stop_tracing())
    tasks.wall = await page.evaluate("window.longTasks")
    tasks.cpu = _main_thread(trace["traceEvents"])


def _main_thread(events: list[dict[str, Any]]) -> list[float]:
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    took = [
        event["tdur"] / 1000
        for event in events
        if event["name"] == "RunTask" and "tdur" in event and (event["pid"], event["tid"]) in main
    ]
    return sorted(took, reverse=True)
