"""The jail of a child process that reads what a stranger made.

After `enter` the child keeps its memory, the descriptors 0 to 2 and its processor time, nothing
else: no file to open, no socket, no process, no thread, no signal to others. Where a kernel lacks
a wall the others stand; `missing` names it for `studium doctor`.
"""

import os
import resource
import signal
import sys
from dataclasses import dataclass

from studium.runtime.jail import landlock, seccomp
from studium.runtime.jail.kernel import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    prctl,
)

NOBODY = 65534
"""The kernel's overflow user and group."""


@dataclass(frozen=True, slots=True)
class Cell:
    cpu_seconds: int
    memory_bytes: int
    """Of address space."""


def enter(cell: Cell) -> None:
    """For good. Raises `OSError` where a wall that the kernel has cannot be put up."""
    os.closerange(3, 1 << 16)
    _limit(cell)
    if not sys.platform.startswith("linux"):
        return
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _leave_root()
    # No process more, and no thread; as root the count is that of the user it has become.
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # Changing the user clears it, so it comes after.
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_DUMPABLE, 0)
    if landlock.abi():
        landlock.restrict()
    if seccomp.available():
        seccomp.restrict(os.getpid())


def _limit(cell: Cell) -> None:
    for what, most in (
        (resource.RLIMIT_AS, cell.memory_bytes),
        (resource.RLIMIT_CPU, cell.cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _leave_root() -> None:
    """Root's powers pass over file modes and limits; nobody has none."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def missing() -> list[str]:
    """The walls that this kernel lacks, for people."""
    if not sys.platform.startswith("linux"):
        return ["seccomp and Landlock: only Linux has them"]
    lacks = []
    if not landlock.abi():
        lacks.append("Landlock: Linux 5.13 or newer with `landlock` among its security modules")
    if not seccomp.available():
        lacks.append("seccomp: a kernel with CONFIG_SECCOMP_FILTER on x86-64 or arm64")
    return lacks


def close_to_others() -> None:
    """Makes this process non-dumpable: no other process of its user may read its memory or trace
    it (prctl(2), PR_SET_DUMPABLE), so a child that broke out learns no secret of its parent.
    """
    if sys.platform.startswith("linux"):
        prctl(PR_SET_DUMPABLE, 0)
