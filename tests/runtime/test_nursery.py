"""Children forked from a process that has loaded everything and knows no secret."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from studium.runtime.jail.nursery import Nursery, NurseryError

MODULE = """
import os, sys
from studium.runtime.jail.serve import serve

def work():
    job = sys.stdin.read()
    if job == "sleep":
        while True:
            pass
    if job == "die":
        os.abort()
    if job == "descriptors":
        print([at for at in range(3, 256) if os.path.exists(f"/proc/self/fd/{at}")])
    elif job == "session":
        print(os.getsid(0) == os.getpid())
    elif job == "environment":
        print(len(os.environ), open(f"/proc/{os.getppid()}/environ").read())
    else:
        print(job * 2)
    sys.stdout.flush()

serve(work)
"""


@pytest.fixture
async def nursery(tmp_path: Path) -> AsyncIterator[Nursery]:
    (tmp_path / "readers.py").write_text(MODULE)
    found = Nursery("readers")
    # Installed modules only are found under `-I`; this one is a test's.
    found._command = (sys.executable, "-X", "utf8", str(tmp_path / "readers.py"))
    yield found
    if found._control:
        found._control.close()
    if found._process:
        found._process.wait(10)


async def asked(nursery: Nursery, job: str, most: int = 1000) -> str:
    child = await nursery.child()
    try:
        return (await child.ask(job.encode(), most)).decode().strip()
    finally:
        child.end()


async def test_each_job_has_a_child_of_its_own(nursery: Nursery) -> None:
    answers = await asyncio.gather(*(asked(nursery, f"job {at} ") for at in range(20)))
    assert answers == [f"job {at} job {at}" for at in range(20)]


async def test_a_child_knows_no_secret_and_holds_nothing_of_its_parent(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIUM_LLM_KEY", "secret")
    assert (await asked(nursery, "environment")).strip("\x00") in {"0", "1"}  # LC_CTYPE, Python's
    assert await asked(nursery, "descriptors") == "[]"
    assert await asked(nursery, "session") == "True"


async def test_a_child_that_dies_costs_its_own_answer(nursery: Nursery) -> None:
    assert await asked(nursery, "die") == ""
    assert await asked(nursery, "a") == "aa"
    with pytest.raises(NurseryError):
        await asked(nursery, "long " * 1000)


async def test_what_works_for_ever_can_be_ended(nursery: Nursery) -> None:
    child = await nursery.child()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(child.ask(b"sleep", 10), 0.2)
    child.end()
    for _ in range(100):
        if not psutil.pid_exists(child.pid):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it is still there")


async def test_a_nursery_that_was_killed_is_replaced(nursery: Nursery) -> None:
    assert await asked(nursery, "a") == "aa"
    assert nursery._process is not None
    os.kill(nursery._process.pid, signal.SIGKILL)
    nursery._process.wait()
    assert await asked(nursery, "b") == "bb"


async def test_it_ends_with_its_parent(nursery: Nursery) -> None:
    assert await asked(nursery, "a") == "aa"
    assert nursery._control is not None
    assert nursery._process is not None
    nursery._control.close()
    assert nursery._process.wait(10) == 0
