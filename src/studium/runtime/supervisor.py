"""The loops of one process: started together, restarted when they fall, stopped in order."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import structlog

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
HEALTHY_SECONDS = 60.0
"""After running so long, a fall is news and not one of a series."""
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Loop:
    name: str
    run: Callable[[], Awaitable[None]]
    """Runs until it is cancelled, and then ends its work in hand."""


class ChildEndedError(Exception):
    """A child process ended by itself; its loop starts it again."""


async def supervise(loops: Sequence[Loop], *, grace_seconds: float) -> None:
    """Returns after SIGTERM or SIGINT, or when it is cancelled, once every loop has ended.

    The first loop is the front and stops first, for at most half the grace time, so that nothing
    new comes in while the others finish; all of it takes no longer than the grace time.
    """
    stopping = _signalled()
    tasks = [asyncio.create_task(_forever(loop), name=loop.name) for loop in loops]
    try:
        await stopping.wait()
    finally:
        await _stop(tasks, grace_seconds)


def child(
    name: str,
    *command: str | os.PathLike[str],
    environment: Mapping[str, str],
    grace_seconds: float,
    output: Path | None = None,
) -> Loop:
    """A process as a loop: started again when it ends, ended with SIGTERM, then SIGKILL.

    `output`: the file that what it says is added to; without it the parent's own.
    """

    async def run() -> None:
        with output.open("ab") if output else nullcontext() as sink:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment,
                stdout=sink,
                stderr=sink,
                # Ctrl-C is for the parent, which then ends its children. Not a session of its own:
                # between sessions Linux shares the processor evenly, however nice one is
                # (sched(7), "The autogroup feature").
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        try:
            await process.wait()
        finally:
            await _end(process, grace_seconds)
        raise ChildEndedError(f"exit code {process.returncode}")

    return Loop(name, run)


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends the child this signal when its parent ends (prctl(2)).
    None where the system is not Linux.
    """
    if not hasattr(_LIBC, "prctl"):
        return None
    parent = os.getpid()

    def ask_the_kernel() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os._exit(1)

    return ask_the_kernel


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
        started = monotonic()
        await _guarded(loop)
        if _is_cancelled():  # it fell while it was being stopped
            return
        if monotonic() - started > HEALTHY_SECONDS:
            pause = FIRST_PAUSE
        log.info("loop.restarts", loop=loop.name, seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _guarded(loop: Loop) -> None:
    try:
        await loop.run()
    except asyncio.CancelledError:
        if _is_cancelled():
            raise
        log.exception("loop.fell", loop=loop.name)  # a cancellation that leaked from inside
    except Exception:
        log.exception("loop.fell", loop=loop.name)
    else:
        log.error("loop.ended", loop=loop.name)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _stop(tasks: Sequence[asyncio.Task[None]], grace_seconds: float) -> None:
    deadline = monotonic() + grace_seconds
    for task in tasks:
        task.cancel()
        if task is tasks[0]:
            await asyncio.wait({task}, timeout=grace_seconds / 2)
    if tasks:
        await asyncio.wait(tasks, timeout=deadline - monotonic())
    for task in tasks:
        if not task.done():
            log.warning("loop.late", loop=task.get_name(), seconds=grace_seconds)


async def _end(process: asyncio.subprocess.Process, grace_seconds: float) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), grace_seconds)
        except TimeoutError:
            process.kill()
            await process.wait()
