"""A teacher's course: renamed, shared by invitation, its notes published, and deleted."""

import re
from typing import Any

from playwright.async_api import Page, expect


async def test_a_course_is_renamed_and_deleted(visit: Any, register: Any) -> None:
    page: Page = await visit("/courses", person=await register("Sofia Kovalevskaya"))
    await page.get_by_role("button", name="New course").click()
    await page.get_by_label("Title").fill("Partial equations")
    await page.get_by_role("button", name="Create course").click()
    await page.get_by_role("button", name="More for Partial equations").click()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_label("Title").fill("Partial differential equations")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("Partial differential equations")

    await page.get_by_role("button", name="More for Partial differential").click()
    await page.get_by_role("button", name="Delete course").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("This cannot be undone.")
    await dialog.get_by_role("button", name="Delete course").click()
    await expect(page.get_by_role("heading", name="No courses yet")).to_be_visible()


async def test_an_invited_student_reads_what_the_teacher_publishes(
    visit: Any, shelf: Any, register: Any, forgiven: list[str]
) -> None:
    forgiven.append("403")
    teacher: Page = await visit(shelf.people_path, person=shelf.teacher)
    await teacher.get_by_role("button", name="Create invitation link").click()
    link = await teacher.get_by_label("Invitation link").input_value()
    code = re.sub(r".*(?=/join/)", "", link)

    student: Page = await visit(code, person=await register("Mary Cartwright"))
    await student.get_by_role("button", name="Join course").click()
    await expect(student.locator("h1")).to_have_text("The sample course")
    await expect(student.get_by_role("button", name="Choose PDF")).to_have_count(0)
    await student.locator("a.title").click()
    await expect(student.get_by_text("Notes are not published yet")).to_be_visible()
    await expect(student.locator(".pdf-page").first).to_be_visible()

    await teacher.goto(teacher.url.split("/teach/")[0] + shelf.book_path)
    publish = teacher.get_by_role("switch", name=re.compile("ublished"))
    await publish.check()
    await expect(teacher.get_by_text("Published to students")).to_be_visible()
    await student.reload()
    await expect(student.locator("a.citation").first).to_be_visible()
    await publish.uncheck()
    await expect(teacher.get_by_text("Not published")).to_be_visible()


async def test_a_guest_with_an_invitation_returns_to_it_after_registering(visit: Any) -> None:
    page: Page = await visit("/join/some-code")
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Name").fill("Julia Robinson")
    await page.get_by_label("E-mail").fill(f"julia-{id(page)}@example.org")
    await page.get_by_label("Password").fill("a long enough sentence")
    await page.get_by_role("button", name="Create account").click()
    await expect(page).to_have_url(re.compile("/join/some-code$"))
    await expect(page.get_by_role("button", name="Join course")).to_be_visible()
