"""A real Chromium in front of the running app. Every page is watched: a breach of its security
policy, an error on its console or an uncaught exception fails the test that saw it.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PASSWORD = "a long enough sentence"
REPORT_BREACHES = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
# The app asks for a session only where one has been.
SIGNED_IN = [{"name": "studium.signed-in", "value": "1"}]

Audit = Callable[[Page], Awaitable[str]]
OpenContext = Callable[..., Awaitable[BrowserContext]]


class Person:
    """An account and the cookies its last browser was left with: every refresh rotates them."""

    def __init__(self, email: str, state: Any, access_token: str) -> None:
        self.email = email
        self.state = state
        self.access_token = access_token


Register = Callable[[str], Awaitable[Person]]
Visit = Callable[..., Awaitable[Page]]


class Shelf:
    """A teacher's course with one book, its notes ready."""

    def __init__(self, teacher: Person, course: str, material: str) -> None:
        self.teacher = teacher
        self.course_path = f"/courses/{course}"
        self.people_path = f"/teach/courses/{course}/people"
        self.activity_path = f"/teach/courses/{course}/activity"
        self.search_path = f"/search?course={course}"
        self.book_path = f"/books/{material}/read"


@pytest.fixture(scope="session")
def sample() -> Path:
    """The book that the project brings along."""
    return next((Path(__file__).parents[2] / "src" / "studium" / "sample").glob("*.pdf"))


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("STUDIUM_REQUIRE_ENGINES"):
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"{CHROMIUM} is missing")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Patterns of complaints that this test provokes on purpose."""
    return []


@pytest.fixture
async def open_context(chromium: Browser, forgiven: list[str]) -> AsyncIterator[OpenContext]:
    complaints: list[str] = []
    opened: list[tuple[BrowserContext, Person | None]] = []

    def watch(page: Page) -> None:
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    async def new_context(
        person: Person | None = None, width: int = 1280, scheme: str = "light"
    ) -> BrowserContext:
        size: Any = {"width": width, "height": 800}
        look: Any = scheme
        state = person.state if person else None
        context = await chromium.new_context(viewport=size, color_scheme=look, storage_state=state)
        context.set_default_timeout(30_000)
        context.on("page", watch)
        await context.add_init_script(REPORT_BREACHES)
        opened.append((context, person))
        return context

    yield new_context
    for context, person in opened:
        if person:
            # Cookies rotate; what a test keeps in the browser besides is its own.
            person.state["cookies"] = (await context.storage_state())["cookies"]
        await context.close()
    assert [c for c in complaints if not any(re.search(known, c) for known in forgiven)] == []


@pytest.fixture
def visit(app_url: str, open_context: OpenContext) -> Visit:
    """Opens a path in a browser of its own, signed in where a person is given."""

    async def new_page(path: str = "/", **who_and_how: Any) -> Page:
        context = await open_context(**who_and_how)
        page = await context.new_page()
        await page.goto(app_url + path)
        return page

    return new_page


@pytest.fixture(scope="session")
async def register(app_url: str, chromium: Browser) -> Register:
    async def new_account(name: str) -> Person:
        email = f"{uuid4().hex[:12]}@example.org"
        context = await chromium.new_context()
        body = {"email": email, "password": PASSWORD, "name": name}
        answer = await context.request.post(f"{app_url}/v1/auth/register", data=body)
        assert answer.status == 201, await answer.text()
        token = (await answer.json())["access_token"]
        state: Any = await context.storage_state()
        state["origins"] = [{"origin": app_url, "localStorage": SIGNED_IN}]
        await context.close()
        return Person(email, state, token)

    return new_account


@pytest.fixture(scope="session")
async def shelf(app_url: str, register: Register, sample: Path) -> Shelf:
    teacher = await register("Emmy Noether")
    token = {"Authorization": f"Bearer {teacher.access_token}"}
    async with httpx.AsyncClient(base_url=app_url, headers=token, timeout=60) as api:
        made = await api.post("/v1/courses", json={"title": "The sample course"})
        course = made.json()["id"]
        pdf = {"file": (sample.name, await asyncio.to_thread(sample.read_bytes))}
        uploaded = await api.post(f"/v1/courses/{course}/materials", files=pdf)
        material = uploaded.json()["id"]
        async with asyncio.timeout(240):
            await _notes_written(api, material)
    return Shelf(teacher, course, material)


async def _notes_written(api: httpx.AsyncClient, material: str) -> None:
    while True:
        notes = await api.get(f"/v1/materials/{material}/notes")
        if notes.json().get("status") in {"ready", "failed"}:
            return
        await asyncio.sleep(0.5)


@pytest.fixture
def audit() -> Audit:
    """What axe finds against WCAG 2.0 to 2.2, A and AA: the empty string is what it should be."""

    async def run(page: Page) -> str:
        # Colours are measured when they have settled.
        await page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished))")
        found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        return found.generate_report() if found.violations_count else ""

    return run
