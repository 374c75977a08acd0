"""The memoir manual, 615 pages: cited notes and no wrong citation, read from the PDF itself."""

import pytest

from studium.commands.process import EVERYTHING
from studium.settings import Settings
from tests.conftest import SHARED, running
from tests.flows.acceptance import teacher_uploads_and_student_reads

MANUAL = SHARED / "books" / "memoir-manual.pdf"


@pytest.mark.skipif(not MANUAL.exists(), reason="the real book memoir manual is not here")
async def test_the_manual_ends_with_cited_notes(settings: Settings) -> None:
    async with running(settings, EVERYTHING) as base:
        notes = await teacher_uploads_and_student_reads(base, MANUAL.read_bytes())
    assert notes["material"]["receipt"]["total"] == 615
    assert len(notes["sections"]) > 100
    assert sum(len(section["points"]) for section in notes["sections"]) > 400
