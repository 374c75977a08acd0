"""Takes the README's pictures: the running app, the sample book, a real browser."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "a long enough sentence"


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    folder.chmod(0o711)  # PostgreSQL runs as another user under root
    settings = {
        "STUDIUM_HOME": str(folder / "data"),
        "STUDIUM_PORT": str(port),
        "STUDIUM_EMBEDDER": "static:",
    }
    command = [sys.executable, "-m", "studium", "up"]
    return subprocess.Popen(command, env={**os.environ, **settings})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(api: httpx.AsyncClient, path: str, good: Any) -> Any:
    while True:
        try:
            answer = await api.get(path)
            if answer.is_success and good(answer):
                return answer
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.3)


async def prepared(api: httpx.AsyncClient) -> tuple[str, str, str]:
    """E-mail, course and material of a teacher whose notes are ready."""
    await until(api, "/readyz", lambda _: True)
    email = "emmy@school.example"
    wish = {"email": email, "password": PASSWORD, "name": "Emmy Noether"}
    session = (await api.post("/v1/auth/register", json=wish)).json()
    api.headers["Authorization"] = f"Bearer {session['access_token']}"
    course = (await api.post("/v1/courses", json={"title": "How memory learns"})).json()["id"]
    file = {"file": (SAMPLE.name, SAMPLE.read_bytes())}
    material = (await api.post(f"/v1/courses/{course}/materials", files=file)).json()["id"]
    await until(
        api, f"/v1/materials/{material}/notes", lambda answer: answer.json()["status"] == "ready"
    )
    return email, course, material


async def signed_in(browser: Browser, url: str, email: str, **look: Any) -> Page:
    context = await browser.new_context(**look)
    page = await context.new_page()
    await page.goto(f"{url}/login")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{url}/")
    return page


async def picture(page: Page, name: str) -> None:
    await page.wait_for_timeout(1200)
    await page.screenshot(path=IMAGES / f"{name}.png")


async def take(url: str, email: str, course: str, material: str) -> None:
    wide: Any = {"viewport": {"width": 1280, "height": 800}}
    phone: Any = {"viewport": {"width": 390, "height": 844}}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await signed_in(browser, url, email, **wide)
        await page.goto(f"{url}/courses/{course}")
        await picture(page, "course")
        await page.goto(f"{url}/search?course={course}&q=reviews+at+growing+intervals")
        await picture(page, "search")
        for name, scheme in (("reader", "light"), ("reader-dark", "dark")):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await page.goto(f"{url}/books/{material}/read")
            await page.locator("a.citation").nth(5).click()
            await page.locator(".quote-mark").first.wait_for()
            await picture(page, name)
        small = await signed_in(browser, url, email, **phone)
        await small.goto(f"{url}/books/{material}/read")
        await picture(small, "reader-phone")
        await browser.close()


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        app = start(Path(folder), port)
        try:
            async with httpx.AsyncClient(base_url=url, timeout=60) as api:
                await take(url, *await prepared(api))
        finally:
            app.terminate()
            app.wait(60)


if __name__ == "__main__":
    asyncio.run(main())
