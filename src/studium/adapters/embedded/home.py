"""The folder that holds everything of one machine: found, made, locked, with its secrets."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from studium.core.errors import StudiumError

SYSTEM_HOME = Path("/var/lib/studium")
OTHERS_TRAVERSE = 0o001


class FolderInUseError(StudiumError):
    type = "folder-in-use"
    title = "Studium already runs on this folder"


class NoPermissionError(StudiumError):
    type = "no-permission"
    title = "The folder cannot be used"


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path
    remark: str | None = None
    """Said aloud where the folder is not the one that was asked for."""

    def secret(self, name: str) -> str:
        """A password that is made once and kept, readable by its owner only."""
        path = self.folder / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(24))
            draft.replace(path)
        return path.read_text()


def resolve(wished: Path) -> Home:
    """The absolute folder. PostgreSQL refuses to run as root, so root's data must lie where
    another user can reach it.
    """
    folder = wished.expanduser().absolute()
    if os.geteuid() == 0 and (closed := _closed_to_others(folder)):
        remark = (
            f"{closed} is closed to other users, and PostgreSQL does not run as root:"
            f" the data goes to {SYSTEM_HOME}."
        )
        return Home(SYSTEM_HOME, remark)
    return Home(folder)


def _closed_to_others(folder: Path) -> Path | None:
    for parent in reversed(folder.parents):
        if parent.exists() and not parent.stat().st_mode & OTHERS_TRAVERSE:
            return parent
    return None


@contextmanager
def held(home: Home, address: str) -> Iterator[None]:
    """The folder is this process's while the block lasts.

    Raises `FolderInUseError`, `NoPermissionError`. The kernel frees the lock of a killed process.
    """
    try:
        # Others may pass through to the engines' folders, and see nothing.
        home.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = os.open(home.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise NoPermissionError(
            f"{home.folder}: {error.strerror}. Choose a folder you may write to with STUDIUM_HOME."
        ) from error
    try:
        _lock(lock, home.folder)
        os.ftruncate(lock, 0)
        os.write(lock, f"process {os.getpid()} at {address}".encode())
        yield
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(lock, 200).decode() or "another process"
        raise FolderInUseError(
            f"{folder} is used by {holder}. Open that, end it, or choose another folder with"
            " STUDIUM_HOME."
        ) from error
