"""Engines as child processes: they end with their parent, and are found again if they did not."""

import ctypes
import os
import pwd
import signal
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from studium.core.errors import EngineUnavailableError

_PR_SET_PDEATHSIG = 1
_SERVANTS = ("postgres", "studium", "nobody")


@dataclass(frozen=True, slots=True)
class Servant:
    """The unprivileged user that an engine runs as when Studium runs as root."""

    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        for path in paths:
            os.chown(path, self.uid, self.gid)


def servant() -> Servant | None:
    """None where Studium is not root: the engine runs as oneself."""
    if os.geteuid() != 0:
        return None
    for name in _SERVANTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Servant(entry.pw_uid, entry.pw_gid)
    return Servant(65534, 65534)


def identity(who: Servant | None) -> dict[str, object]:
    """Arguments for `asyncio.create_subprocess_exec`."""
    return {"user": who.uid, "group": who.gid, "extra_groups": []} if who else {}


def die_with_parent() -> None:
    """For `preexec_fn`: the kernel ends the child when its parent ends (prctl(2), Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def package_folder(name: str) -> Path:
    """Where an installed package lies, without running its code."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineUnavailableError(f"The package {name} is not installed.")
    return Path(spec.submodule_search_locations[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
