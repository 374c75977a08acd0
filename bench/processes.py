"""CPU and memory of every process below this one: those that live and those that have ended.

A process's own clock (`clock_getcpuclockid(3)`, nanoseconds) holds its ended threads too. What its
ended children used is in `cutime` and `cstime` of whoever waited for them (proc_pid_stat(5), steps
of 10 ms), so a child that comes and goes between two looks is counted, with its parent. An orphan
becomes this process's own child (`subreaper`), so nothing leaves the sum.
"""

import contextlib
import ctypes
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
TICK = os.sysconf("SC_CLK_TCK")
MIB = 2**20
# What stands in a command line → what the process is, the surest first.
ROLES = {
    "library.jailed": "reading",
    "resource_tracker": "embedding",
    "spawn_main": "embedding",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "run relay": "relay",
    "studium run": "web",
    "studium work": "worker",
}

Usage = Mapping[str, float]
"""CPU seconds by what a process is."""


def subreaper() -> None:
    """Orphans of this tree come to this process (prctl(2))."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1):
        raise OSError("no subreaper")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    role: str
    cpu: float
    """Seconds: its own, and those of its ended children."""

    def memory(self) -> tuple[int, int]:
        """Resident and proportional set size, bytes; (0, 0) when it has ended.

        The proportional one shares out pages that several processes hold.
        """
        with contextlib.suppress(OSError, KeyError):
            lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
            sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines}
            return sizes["Rss:"], sizes["Pss:"]
        return 0, 0


def below(root: int) -> list[Process]:
    """The processes below `root`, itself left out."""
    found: list[Process] = []
    waiting = _children(root)
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError):
            found.append(Process(pid, _role(pid), _cpu(pid)))
            waiting += _children(pid)
    return found


def usage(without: frozenset[int] = frozenset()) -> Usage:
    """CPU of all processes below this one since they began. `without`: pids of the bench's own."""
    seconds: Counter[str] = Counter()
    for process in below(os.getpid()):
        if process.pid not in without:
            seconds[process.role] += process.cpu  # type: ignore[assignment]
    return seconds


def spent(before: Usage, after: Usage) -> dict[str, float]:
    return {role: after[role] - before.get(role, 0.0) for role in after}


def _children(pid: int) -> list[int]:
    return list(_listed(pid))


def _listed(pid: int) -> Iterator[int]:
    """A process's children are listed with the thread that started them."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            yield from map(int, path.read_text().split())


def _role(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return next((role for part, role in ROLES.items() if part in line), "else")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / TICK
    return time.clock_gettime((~pid << 3) | 2) + ended
