"""While a backup copies a folder of objects, what is deleted from the folder stays beside it.

The database is copied first. A book that is deleted after that is a row of the copy, so its file
must outlive the deletion: it gets a second name (a hard link) before the first one goes.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from studium.core.errors import Kind, StudiumError

LOCK = "lock"
"""Held by the backup: it tells who deletes that there is one, and a second one to wait. The kernel
frees it with a killed process."""
TAKE_SECONDS = 1.0
_STAGED = re.compile(r"#\d+$")
"""How obstore's LocalStore names a file that is being written."""


class BackupRunsError(StudiumError):
    kind = Kind.CONFLICT
    type = "backup-runs"
    title = "Another backup is under way"


def beside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.kept")


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Raises `BackupRunsError`."""
    kept = beside(folder)
    kept.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(kept / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _give_to_the_owner(folder, kept, kept / LOCK)
        _take(lock, folder)
        _clear(kept)  # what a killed backup left
        yield
        _clear(kept)
    finally:
        os.close(lock)


def keep(folder: Path, keys: Iterable[str]) -> None:
    """Before these are deleted. A file that is gone already was kept by who deleted it."""
    if not _under_way(folder):
        return
    for key in keys:
        second = beside(folder) / key
        with suppress(FileExistsError, FileNotFoundError):
            second.parent.mkdir(parents=True, exist_ok=True)
            os.link(folder / key, second)


def every(folder: Path) -> Iterator[str]:
    """The keys of all objects, once each, those that were deleted meanwhile included."""
    seen = set()
    for top in (folder, beside(folder)):
        for path in sorted(top.rglob("*")):
            key = path.relative_to(top).as_posix()
            if key not in seen and key != LOCK and not _STAGED.search(key) and path.is_file():
                seen.add(key)
                yield key


def open_object(folder: Path, key: str) -> BinaryIO | None:
    """None where neither has it: an upload that was given up half-way, which no row speaks of."""
    for top in (folder, beside(folder)):
        with suppress(FileNotFoundError):
            return (top / key).open("rb")
    return None


def _under_way(folder: Path) -> bool:
    try:
        lock = os.open(beside(folder) / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False  # there never was one
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _take(lock: int, folder: Path) -> None:
    """Who deletes holds it for a moment, to see whether somebody has it."""
    until = time.monotonic() + TAKE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise BackupRunsError(
                    f"{folder.parent} is being backed up by another process. Wait for its end."
                ) from error
            time.sleep(0.05)
        else:
            return


def _give_to_the_owner(folder: Path, *paths: Path) -> None:
    """Root may back up what another user's Studium deletes from."""
    if os.geteuid() == 0:
        owner = folder.stat()
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid)


def _clear(kept: Path) -> None:
    for each in kept.iterdir():
        if each.name != LOCK:
            shutil.rmtree(each)
