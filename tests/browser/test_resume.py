"""An upload that a reload interrupts goes on where it was."""

import re
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, Request, expect

SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 64_000}
FAST = SLOW | {"uploadThroughput": -1}


class Watched:
    """What the page asks of `/v1/uploads`."""

    def __init__(self, page: Page) -> None:
        self.begun = 0
        self.offsets: list[int] = []
        self.ended = 0
        page.on("request", self._see)

    def _see(self, request: Request) -> None:
        if "/v1/uploads" not in request.url:
            return
        self.begun += request.method == "POST"
        self.ended += request.method == "DELETE"
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))


async def course_of(app_url: str, person: Any) -> str:
    token = {"Authorization": f"Bearer {person.access_token}"}
    async with httpx.AsyncClient(base_url=app_url, headers=token) as api:
        made = await api.post("/v1/courses", json={"title": "Slow lines"})
    return f"/courses/{made.json()['id']}"


async def test_an_upload_goes_on_after_a_reload(
    visit: Any, register: Any, app_url: str, sample: Path
) -> None:
    teacher = await register("Sofja")
    page: Page = await visit(await course_of(app_url, teacher), person=teacher)
    watched = Watched(page)
    page.on("dialog", lambda dialog: dialog.accept())
    line = await page.context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", SLOW)
    await page.locator("input[type=file]").set_input_files(sample)
    badge = page.locator(".badge", has_text=re.compile(r"^Uploading [3-9]\d %$"))
    await expect(badge).to_be_visible(timeout=30_000)

    await page.reload()
    await line.send("Network.emulateNetworkConditions", FAST)
    await expect(page.get_by_role("button", name="Choose PDF")).to_be_visible()
    await page.locator("input[type=file]").set_input_files(sample)
    await expect(page.locator(".book")).to_have_count(1)
    await expect(page.locator(".book .title")).not_to_have_text(sample.name, timeout=30_000)
    assert watched.begun == 1, "the same upload"
    assert watched.offsets[0] == 0
    assert watched.offsets[-1] > 0, "what had arrived was not sent again"
    assert await page.evaluate("localStorage.getItem('studium.uploads')") == "[]"


CRAWLING = SLOW | {"uploadThroughput": 8_000}
"""It cannot end before it is stopped."""


async def test_stopping_an_upload_ends_it_on_the_server(
    visit: Any, register: Any, app_url: str, sample: Path
) -> None:
    teacher = await register("Lise")
    page: Page = await visit(await course_of(app_url, teacher), person=teacher)
    watched = Watched(page)
    line = await page.context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", CRAWLING)
    # Before the first bytes leave, the server has nothing that could be ended.
    async with page.expect_request(lambda request: request.method == "PATCH"):
        await page.locator("input[type=file]").set_input_files(sample)
    await expect(page.locator(".badge", has_text=re.compile(r"^Uploading \d+ %$"))).to_be_visible()
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        await page.get_by_role("button", name=f"Stop uploading {sample.name}").click()
    assert (await ended.value).status == 204
    assert (watched.begun, watched.ended) == (1, 1)
    assert await page.evaluate("localStorage.getItem('studium.uploads')") == "[]"
