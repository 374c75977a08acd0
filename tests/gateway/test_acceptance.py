"""The acceptance flow through Envoy, with two replicas of every service behind it."""

from contextlib import ExitStack
from pathlib import Path

from studium.adapters.embedded.processes import free_port
from studium.gateway.table import Address
from studium.gateway.wishes import Wishes
from studium.settings import Settings
from tests.flows.acceptance import sample_book, teacher_uploads_and_student_reads
from tests.flows.test_separate_processes import APP, WEB, process
from tests.gateway.gate import SERVICES, answers, envoy


async def test_a_book_goes_in_and_cited_notes_come_out(settings: Settings, tmp_path: Path) -> None:
    with ExitStack() as stack:
        started = [tmp_path / name for name in ("one", "other", "relay", "workers")]
        for folder in started:
            folder.mkdir()
        one, other, relay, workers = started
        replicas = [
            stack.enter_context(process(settings, folder, WEB, APP)) for folder in (one, other)
        ]
        known = (*APP, "courses_db_system")
        stack.enter_context(process(settings, relay, ("run", "relay"), known))
        groups = ("work", "library", "notes", "realtime")
        stack.enter_context(process(settings, workers, groups, APP))
        places = [Address.read(url.removeprefix("http://")) for url in replicas]
        wishes = Wishes(host="127.0.0.1", port=free_port())
        async with envoy(tmp_path, dict.fromkeys(SERVICES, places), wishes):
            gate = f"http://127.0.0.1:{wishes.port}"
            await answers(f"{gate}/readyz")
            notes = await teacher_uploads_and_student_reads(gate, sample_book())
    assert len(notes["sections"]) >= 8
