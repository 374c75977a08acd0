"""Loops: restarted when they fall, stopped in order; child processes that are loops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from studium.runtime import supervisor
from studium.runtime.supervisor import Loop, child, supervise


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)


@asynccontextmanager
async def supervised(*loops: Loop, grace_seconds: float = 5) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise(loops, grace_seconds=grace_seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def a_runtime_error() -> None:
    raise RuntimeError("fell")


async def a_cancellation_from_inside() -> None:
    raise asyncio.CancelledError


async def an_end() -> None:
    pass


@pytest.mark.parametrize("fall", [a_runtime_error, a_cancellation_from_inside, an_end])
async def test_a_loop_is_never_silently_dead(fall: Callable[[], Awaitable[None]]) -> None:
    starts = 0
    enough = asyncio.Event()

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 3:
            enough.set()
            await asyncio.Event().wait()
        await fall()

    with capture_logs() as logs:
        async with supervised(Loop("faller", run)):
            await asyncio.wait_for(enough.wait(), 60)
    assert starts == 3
    said = [each for each in logs if each["event"] in {"loop.fell", "loop.ended"}]
    assert [each["loop"] for each in said] == ["faller", "faller"]


async def test_pauses_grow_and_begin_anew_after_a_healthy_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts = 0
    enough = asyncio.Event()

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 4:
            monkeypatch.setattr(supervisor, "HEALTHY_SECONDS", -1)
        if starts == 5:
            enough.set()
            await asyncio.Event().wait()

    with capture_logs() as logs:
        async with supervised(Loop("faller", run)):
            await asyncio.wait_for(enough.wait(), 60)
    pauses = [each["seconds"] for each in logs if each["event"] == "loop.restarts"]
    assert pauses == [0.001, 0.002, 0.004, 0.001]


async def test_the_front_has_ended_before_the_others_are_stopped() -> None:
    ended: list[str] = []

    def loop(name: str, turns: int) -> Loop:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(turns):
                    await asyncio.sleep(0)
                ended.append(name)

        return Loop(name, run)

    async with supervised(loop("web", 20), loop("worker", 1), loop("relay", 1)):
        await asyncio.sleep(0.05)
    assert ended == ["web", "worker", "relay"]


async def test_a_loop_that_does_not_end_holds_nobody_up_and_is_named() -> None:
    ended: list[str] = []
    never = asyncio.Event()

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await never.wait()

    async def orderly() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("orderly")

    with capture_logs() as logs:
        loops = Loop("stuck", stuck), Loop("orderly", orderly)
        async with supervised(*loops, grace_seconds=0.1):
            await asyncio.sleep(0.02)
    assert ended == ["orderly"]
    assert [each["loop"] for each in logs if each["event"] == "loop.late"] == ["stuck"]
    never.set()


async def test_a_loop_that_falls_while_it_is_stopped_is_not_started_again() -> None:
    starts = 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        try:
            await asyncio.Event().wait()
        finally:
            await a_runtime_error()

    with capture_logs() as logs:
        async with supervised(Loop("faller", run)):
            await asyncio.sleep(0.02)
    assert starts == 1
    assert {each["event"] for each in logs} == {"loop.fell"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    async def signalled() -> list[str]:
        ended: list[str] = []

        async def run() -> None:
            os.kill(os.getpid(), number)
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("loop")

        await supervise([Loop("loop", run)], grace_seconds=5)
        return ended

    assert asyncio.run(signalled()) == ["loop"]


# ── child processes ───────────────────────────────────────────────────────────────────────────
def python(code: str, *arguments: str | Path, grace_seconds: float = 5) -> Loop:
    return child(
        "child",
        *(sys.executable, "-c", code, *arguments),
        environment=os.environ,
        grace_seconds=grace_seconds,
    )


def words_of(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


async def told(file: Path, count: int) -> list[str]:
    for _ in range(400):
        if len(said := words_of(file)) >= count:
            return said
        await asyncio.sleep(0.02)
    raise AssertionError(f"{file} does not tell {count} words")


SAYS_ITS_PID = "import os, sys; print(os.getpid(), file=open(sys.argv[1], 'a'))\n"
WAITS = SAYS_ITS_PID + "import signal; signal.pause()"
IS_DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS


async def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    async with supervised(python(SAYS_ITS_PID, tmp_path / "pids")):
        pids = await told(tmp_path / "pids", 3)
    assert len(set(pids)) == len(pids)


@pytest.mark.parametrize("code", [WAITS, IS_DEAF])
async def test_a_child_ends_with_its_loop(tmp_path: Path, code: str) -> None:
    async with supervised(python(code, tmp_path / "pids", grace_seconds=0.2)):
        (pid,) = await told(tmp_path / "pids", 1)
        assert psutil.pid_exists(int(pid))
    assert not psutil.pid_exists(int(pid))


PARENT = """
import asyncio, os, sys
from studium.runtime.supervisor import child, supervise
loop = child("child", sys.executable, "-c", sys.argv[1], sys.argv[2],
             environment=os.environ, grace_seconds=5)
asyncio.run(supervise([loop], grace_seconds=5))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
async def test_a_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, WAITS, pids)
    (pid,) = await told(pids, 1)
    process = psutil.Process(int(pid))
    parent.kill()
    await parent.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [process], 10)
    assert not alive
