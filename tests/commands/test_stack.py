"""`studium stack`: everything as processes of its own behind Envoy, as an operator starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from studium.adapters.embedded.processes import free_port
from tests.conftest import opened, wait_until_ready
from tests.flows.acceptance import Browser, sample_book, teacher_uploads_and_student_reads

REPLICAS = 2


class Stack:
    def __init__(self, folder: Path) -> None:
        self.home = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        environment = {
            **os.environ,
            "STUDIUM_HOME": str(self.home),
            "STUDIUM_PORT": str(self.port),
            "STUDIUM_EMBEDDER": "static:",
        }
        command = [sys.executable, "-m", "studium", "stack", "--replicas", str(REPLICAS)]
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)

    def below(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def of(self, *arguments: str) -> list[psutil.Process]:
        """The processes that were started with these words."""
        ends = [(each, each.cmdline()[-len(arguments) :]) for each in self.below()]
        return [each for each, words in ends if words == [*arguments]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    started = Stack(opened(tmp_path_factory.mktemp("stack")))
    try:
        wait_until_ready(started.url, started.process, started.log)
        yield started
    finally:
        started.process.kill()
        started.process.wait()


async def test_a_book_goes_in_and_cited_notes_come_out(stack: Stack) -> None:
    notes = await teacher_uploads_and_student_reads(stack.url, sample_book())
    assert len(notes["sections"]) >= 8


def test_each_service_and_group_has_its_replicas(stack: Stack) -> None:
    for name in ("auth", "courses", "library", "notes", "realtime", "relay"):
        assert len(stack.of("run", name)) == REPLICAS, name
    for group in ("library", "notes", "realtime"):
        assert len(stack.of("work", group)) == REPLICAS, group


async def test_a_replica_that_dies_is_started_again_and_costs_nothing(stack: Stack) -> None:
    person = Browser(stack.url)
    await person.register("ada")
    victim = stack.of("run", "courses")[0]
    victim.kill()
    for _ in range(50):
        await person.ok("GET", "/v1/courses")
    for _ in range(600):
        if len(stack.of("run", "courses")) == REPLICAS:
            return
        await person.ok("GET", "/v1/auth/me")
    raise AssertionError("it was not started again")


def test_sigterm_ends_all_of_it(stack: Stack) -> None:
    """The last test of this file."""
    below = stack.below()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(90) == 0, stack.log.read_text()[-3000:]
    _, left = psutil.wait_procs(below, timeout=30)
    assert not left
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{stack.url}/readyz")
