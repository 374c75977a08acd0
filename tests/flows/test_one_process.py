"""The acceptance flow with everything in one process."""

from studium.commands.process import EVERYTHING
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import teacher_uploads_and_student_reads
from tests.services.library.books import tiny_book


async def test_a_book_goes_in_and_cited_notes_come_out(settings: Settings) -> None:
    async with running(settings, EVERYTHING) as base:
        notes = await teacher_uploads_and_student_reads(base, tiny_book())
    assert [section["heading"] for section in notes["sections"]] == ["1 Forgetting", "2 Practice"]
    assert notes["generator"] == "extracted, no AI model"
