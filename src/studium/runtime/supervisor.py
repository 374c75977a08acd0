"""The loops of one process: started together, restarted when they fall, stopped in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Loop:
    name: str
    run: Callable[[], Awaitable[None]]
    """Runs until it is cancelled, and then ends its work in hand."""


async def supervise(loops: Sequence[Loop], *, grace_seconds: float) -> None:
    """Returns after SIGTERM or SIGINT, or when it is cancelled, once every loop has ended.

    The first loop, the web, is stopped before the others, so that nothing new comes in while the
    workers finish; each has the grace time.
    """
    stopping = _signalled()
    tasks = [asyncio.create_task(_forever(loop), name=loop.name) for loop in loops]
    try:
        await stopping.wait()
    finally:
        for step in (tasks[:1], tasks[1:]):
            await asyncio.gather(*(_stop(task, grace_seconds) for task in step))


def _signalled() -> asyncio.Event:
    stopping = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError):  # only a main thread hears signals
            running.add_signal_handler(number, stopping.set)
    return stopping


async def _forever(loop: Loop) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            await loop.run()
        except Exception:
            log.exception("loop.fell", loop=loop.name, seconds=pause)
        else:
            log.error("loop.ended", loop=loop.name, seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _stop(task: asyncio.Task[None], grace_seconds: float) -> None:
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=grace_seconds)
    if not done:
        log.warning("loop.late", loop=task.get_name(), seconds=grace_seconds)
