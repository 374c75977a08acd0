"""`studium stack`: everything as processes of its own behind Envoy, as an operator starts it."""

import signal
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.conftest import NO_LIMITS, opened
from tests.flows.acceptance import Browser, sample_book, teacher_uploads_and_student_reads
from tests.flows.rolling import roll
from tests.flows.stack import REPLICAS, Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    started = Stack(opened(tmp_path_factory.mktemp("stack")), **NO_LIMITS)
    try:
        started.wait()
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
    assert len(stack.of("run", "analytics")) == 1  # it holds the embedded warehouse
    for group in ("library", "notes", "realtime", "analytics"):
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


@pytest.mark.timeout(900)
async def test_a_rolling_restart_fails_nobody(stack: Stack) -> None:
    """Each kind of process once, under load; `python -m tests.flows.rolling 50` is the long one."""
    load = await roll(stack, times=1)
    assert not load.failures
    assert load.statuses.total() > 200
    assert load.heard == list(range(1, len(load.heard) + 1))
    assert load.connections > 1


def test_sigterm_ends_all_of_it(stack: Stack) -> None:
    """The last test of this file."""
    below = stack.below()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(90) == 0, stack.log.read_text()[-3000:]
    _, left = psutil.wait_procs(below, timeout=30)
    assert not left
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{stack.url}/readyz")
