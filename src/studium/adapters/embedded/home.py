"""The folder that holds everything of one machine: found, made, locked, with its secrets."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from studium.adapters.embedded.servants import closed_way
from studium.core.errors import StudiumError

SYSTEM_HOME = Path("/var/lib/studium")
PASS_THROUGH = 0o711
"""Others may pass through to the engines' folders, and see nothing."""
LOCK = "lock"
RESTORING = "restoring"
"""A folder that is there while a backup is being restored."""


class FolderInUseError(StudiumError):
    type = "folder-in-use"
    title = "Studium already runs on this folder"


class HalfRestoredError(StudiumError):
    type = "half-restored"
    title = "A restore into this folder did not end"


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
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                file.write(secrets.token_urlsafe(24))
                file.flush()
                os.fsync(file.fileno())  # the data outlives a power cut, so must its password
            draft.replace(path)
        return path.read_text()


def resolve(wished: Path) -> Home:
    """The absolute folder. PostgreSQL refuses to run as root, so root's data must lie where
    another user can reach it.
    """
    folder = wished.expanduser().resolve()
    if os.geteuid() == 0 and (closed := closed_way(folder)):
        remark = (
            f"{closed} is closed to other users, and PostgreSQL does not run as root:"
            f" the data goes to {SYSTEM_HOME}."
        )
        return Home(SYSTEM_HOME, remark)
    return Home(folder)


@contextmanager
def held(home: Home, address: str) -> Iterator[None]:
    """The folder is this process's while the block lasts.

    Raises `FolderInUseError`, `NoPermissionError`. The kernel frees the lock of a killed process.
    """
    try:
        _make(home.folder)
        lock = os.open(home.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _refused(home.folder, error) from error
    try:
        _take(lock, home.folder, f"process {os.getpid()} at {address}")
        yield
    finally:
        os.close(lock)


def require_whole(home: Home) -> None:
    """Raises `HalfRestoredError`."""
    if (home.folder / RESTORING).exists():
        raise HalfRestoredError(
            f"What is in {home.folder} is not complete. Run `studium restore` once more."
        )


def _make(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(PASS_THROUGH)  # whatever the umask says


def _take(lock: int, folder: Path, holder: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, holder.encode())
    except BlockingIOError as error:
        other = os.read(lock, 200).decode() or "another process"
        raise FolderInUseError(
            f"{folder} is used by {other}. Open that, end it, or choose another folder with"
            " STUDIUM_HOME."
        ) from error
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> NoPermissionError:
    return NoPermissionError(
        f"{folder}: {error.strerror}. Choose a folder you may write to with STUDIUM_HOME."
    )
