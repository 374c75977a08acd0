"""Loops: restarted when they fall, stopped in order."""

import asyncio

import pytest

from studium.runtime import supervisor
from studium.runtime.supervisor import Loop, supervise


async def test_a_loop_that_falls_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)
    starts = 0
    enough = asyncio.Event()

    async def falls() -> None:
        nonlocal starts
        starts += 1
        if starts == 3:
            enough.set()
            await asyncio.Event().wait()
        raise RuntimeError("fell")

    task = asyncio.create_task(supervise([Loop("falls", falls)], grace_seconds=1))
    await asyncio.wait_for(enough.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert starts == 3


async def test_loops_end_their_work_in_the_given_order() -> None:
    ended: list[str] = []

    def loop(name: str) -> Loop:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        return Loop(name, run)

    task = asyncio.create_task(supervise([loop("web"), loop("worker")], grace_seconds=5))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert ended == ["web", "worker"]
