"""What people see when there is nothing yet, when something fails, and when they may not."""

import re
from typing import Any

from playwright.async_api import Page, Route, expect

FAILURE = """{"type": "https://studium.dev/problems/unexpected", "title": "Failed", "status": 500,
"detail": "The list could not be read. Nothing was changed.", "request_id": "req-1234"}"""


async def test_a_failed_list_says_what_happened_and_can_be_tried_again(
    visit: Any, shelf: Any, forgiven: list[str]
) -> None:
    forgiven.append("500")
    page: Page = await visit("/settings", person=shelf.teacher)
    broken = True

    async def answer(route: Route) -> None:
        if broken:
            kind = "application/problem+json"
            await route.fulfill(status=500, content_type=kind, body=FAILURE)
        else:
            await route.continue_()

    await page.route("**/v1/courses", answer)
    await page.get_by_role("link", name="Courses").first.click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The list could not be read.")
    await expect(alert).to_contain_text("req-1234")
    broken = False
    await alert.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("link", name="The sample course")).to_be_visible()


async def test_a_slow_list_shows_a_skeleton(visit: Any, shelf: Any) -> None:
    page: Page = await visit("/settings", person=shelf.teacher)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/v1/courses", hold)
    await page.get_by_role("link", name="Courses").first.click()
    await expect(page.locator(".skeleton").first).to_be_visible()
    await expect(page.locator("[aria-busy=true]")).to_contain_text("Loading")
    for route in held:
        await route.continue_()
    await expect(page.get_by_role("link", name="The sample course")).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0)


async def test_without_a_network_a_banner_says_so(
    visit: Any, shelf: Any, forgiven: list[str]
) -> None:
    forgiven += ["ERR_INTERNET_DISCONNECTED", "WebSocket"]
    page: Page = await visit("/courses", person=shelf.teacher)
    await expect(page.get_by_role("link", name="The sample course")).to_be_visible()
    await page.context.set_offline(offline=True)
    await expect(page.get_by_text("You are offline.")).to_be_visible()
    await page.context.set_offline(offline=False)
    await expect(page.get_by_text("You are offline.")).to_have_count(0)


async def test_an_address_of_somebody_else_or_of_nobody_is_not_found(
    visit: Any, shelf: Any, register: Any, forgiven: list[str]
) -> None:
    forgiven.append("40[34]")
    stranger = await register("Somebody Else")
    page: Page = await visit(shelf.course_path, person=stranger)
    await expect(page.get_by_role("alert")).to_contain_text(
        re.compile("Not found|not yours", re.IGNORECASE)
    )
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await page.get_by_role("link", name="Go to your courses").click()
    await expect(page.get_by_role("heading", name="No courses yet")).to_be_visible()


async def test_a_file_that_is_no_pdf_is_refused_before_it_travels(visit: Any, shelf: Any) -> None:
    page: Page = await visit(shelf.course_path, person=shelf.teacher)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    text: Any = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"plain words"}
    await page.locator("input[type=file]").set_input_files(text)
    await expect(page.get_by_role("alert")).to_contain_text("This file is not a PDF.")
    assert not [url for url in sent if url.endswith("/uploads")]
    await page.get_by_role("button", name="Remove notes.pdf from the list").click()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_refused_upload_shows_the_servers_words(
    visit: Any, shelf: Any, forgiven: list[str]
) -> None:
    forgiven.append("500")
    page: Page = await visit(shelf.course_path, person=shelf.teacher)
    await expect(page.locator(".book")).to_have_count(1)

    async def refuse(route: Route) -> None:
        kind = "application/problem+json"
        await route.fulfill(status=500, content_type=kind, body=FAILURE)

    await page.route("**/v1/uploads", refuse, times=1)
    book: Any = {"name": "book.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 no more"}
    await page.locator("input[type=file]").set_input_files(book)
    await expect(page.get_by_role("alert")).to_contain_text("req-1234")


async def test_a_book_that_was_read_in_part_says_which_pages_are_missing(
    visit: Any, shelf: Any
) -> None:
    page: Page = await visit("/settings", person=shelf.teacher)

    async def partial(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["items"][0]["receipt"] = {
            "total": 500,
            "indexed": 498,
            "empty": 0,
            "failed": 2,
            "failures": [{"page": 17, "reason": "Its fonts are damaged."}],
        }
        await route.fulfill(response=answer, json=body)

    await page.route(re.compile(r"/materials\?"), partial)
    await page.get_by_role("link", name="Courses").first.click()
    await page.get_by_role("link", name="The sample course").click()
    summary = page.get_by_text("498 of 500 pages read")
    await expect(summary).to_contain_text("2 pages not read")
    await summary.click()
    await expect(page.get_by_role("cell", name="Its fonts are damaged.")).to_be_visible()


async def test_a_wrong_password_says_so(visit: Any, shelf: Any, forgiven: list[str]) -> None:
    forgiven.append("401")
    page: Page = await visit("/login")
    await page.get_by_label("E-mail").fill(shelf.teacher.email)
    await page.get_by_label("Password").fill("not the one")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page).to_have_url(re.compile("/login$"))


async def test_a_password_is_changed(visit: Any, register: Any, forgiven: list[str]) -> None:
    forgiven.append("403")
    person = await register("Mary Somerville")
    page: Page = await visit("/settings", person=person)
    present, new = page.get_by_label("Current password"), page.get_by_label("New password")
    for field in (present, new):
        await expect(field).to_have_attribute("type", "password")
    await present.fill("not the one")
    await new.fill("another long enough sentence")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await present.fill("a long enough sentence")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("Your password is changed.")).to_be_visible()
    await expect(present).to_have_value("")


async def test_logging_out_ends_the_session_for_good(visit: Any, register: Any) -> None:
    person = await register("Grace Hopper")
    page: Page = await visit("/login")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password").fill("a long enough sentence")
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await page.goto(page.url.replace("/login", "/courses"))
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/login\?next="))
