"""The acceptance flow with web, relay and workers as processes of their own, each with the
database role that it has at scale.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from studium.settings import Settings
from tests.conftest import wait_until_ready
from tests.flows.acceptance import sample_book, teacher_uploads_and_student_reads

APP = ("users_db", "courses_db", "redis", "broker", "embedder", "home")
WEB = ("run", "auth", "courses", "library", "notes", "realtime")


@contextmanager
def process(
    settings: Settings, folder: Path, arguments: tuple[str, ...], known: tuple[str, ...]
) -> Iterator[str]:
    """`studium …` with only these settings: what a process is not told, it cannot use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {f"STUDIUM_{name.upper()}": str(getattr(settings, name)) for name in known}
    environment = {"PATH": os.environ["PATH"], **told, "STUDIUM_PORT": str(port)}
    log = folder / f"{'-'.join(arguments)}.log"
    with log.open("wb") as sink:
        command = [sys.executable, "-m", "studium", *arguments]
        running = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, running, log)
        yield url
    finally:
        running.terminate()
        assert running.wait(60) == 0, log.read_text()


async def test_a_book_goes_in_and_cited_notes_come_out(settings: Settings, tmp_path: Path) -> None:
    await through_processes(settings, tmp_path)


async def through_processes(settings: Settings, folder: Path) -> None:
    with ExitStack() as stack:
        web = stack.enter_context(process(settings, folder, WEB, APP))
        relay = (*APP, "courses_db_system")
        stack.enter_context(process(settings, folder, ("run", "relay"), relay))
        for groups in (("library",), ("library", "notes"), ("notes", "realtime")):
            stack.enter_context(process(settings, folder, ("work", *groups), APP))
        notes = await teacher_uploads_and_student_reads(web, sample_book())
    assert len(notes["sections"]) >= 8
    assert sum(len(section["points"]) for section in notes["sections"]) >= 25
    assert all(section["dropped"] == 0 for section in notes["sections"])
