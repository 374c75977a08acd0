"""Engines as child processes: they end with their parent, and are found again if they did not."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil
import structlog

from studium.adapters.embedded.servants import Servant
from studium.core.errors import EngineUnavailableError
from studium.runtime.supervisor import die_with_parent

log = structlog.get_logger()


async def launch(
    *command: str | Path, folder: Path, servant: Servant | None = None
) -> asyncio.subprocess.Process:
    """Works in `folder` and says there, in the file `log`, what it does."""
    with (folder / "log").open("ab") as sink:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for Studium, which then ends its engines
            preexec_fn=die_with_parent(signal.SIGINT),
            user=servant.uid if servant else None,
            group=servant.gid if servant else None,
            extra_groups=[] if servant else None,
        )


async def stop(
    process: asyncio.subprocess.Process | None, signals: Sequence[signal.Signals], seconds: float
) -> None:
    """The signals one after the other, from gentle to harsh, each with its time."""
    if process is None:
        return
    for number in signals:
        if process.returncode is None:
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
            return


async def end_orphans(
    binary: str, argument: Path, signals: Sequence[signal.Signals], seconds: float
) -> None:
    """Engines of a killed parent (PDEATHSIG is Linux's, and takes a moment).

    They are known by their command line: a pid from a file may be a stranger's by now.
    Raises `EngineUnavailableError` where one stays: two engines on one folder would spoil it.
    """
    orphans = await asyncio.to_thread(_running, binary, argument)
    for number in signals:
        for orphan in orphans:
            log.info("engine.orphan_ended", engine=binary, pid=orphan.pid, signal=number.name)
            with contextlib.suppress(psutil.Error):
                orphan.send_signal(number)
        _, orphans = await asyncio.to_thread(psutil.wait_procs, orphans, seconds)
    if orphans:
        raise EngineUnavailableError(
            f"{binary} of an earlier start does not end (process {orphans[0].pid})."
            " End it, then start again."
        )


def _running(binary: str, argument: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if Path(words[0]).name == binary and str(argument) in words[1:]:
            found.append(process)
    return found


def last_words(folder: Path, lines: int = 5) -> str:
    try:
        text = (folder / "log").read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def package_folder(name: str) -> Path:
    """Where an installed package lies, without running its code."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineUnavailableError(f"The package {name} is not installed.")
    return Path(spec.submodule_search_locations[0]).resolve()


def kept_port(folder: Path) -> int:
    """The port of the last start where it is still free, so that addresses stay."""
    kept = folder / "port"
    try:
        port = free_port(int(kept.read_text()))
    except (OSError, ValueError):
        port = free_port()
        kept.write_text(str(port))
    return port


def free_port(wished: int = 0) -> int:
    """Raises `OSError` where `wished` is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wished))
        port: int = probe.getsockname()[1]
        return port
