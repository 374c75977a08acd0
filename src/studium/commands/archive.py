"""What a backup is on disk: a folder with the parts of a home and a manifest of all their files."""

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from studium.core.errors import Kind, StudiumError
from studium.settings import EMBEDDED, Settings

PARTS = ("postgres", "objects", "secrets")
"""Of a home. The rest is made anew: Valkey's cache and messages, models, logs."""
MANIFEST = "manifest.json"
FORMAT = 1
BLOCK_BYTES = 1 << 20
Told = Callable[[int], None]
"""So many bytes more."""


class NotABackupError(StudiumError):
    type = "not-a-backup"
    title = "This is no backup that can be restored here"


class DamagedBackupError(StudiumError):
    kind = Kind.DAMAGED
    type = "damaged-backup"
    title = "The backup is damaged; nothing was restored"


class NotEmbeddedError(StudiumError):
    type = "not-embedded"
    title = "That is not Studium's to keep"


class NoRoomError(StudiumError):
    type = "no-room"
    title = "There is not enough room"


class File(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)
    bytes: int
    sha256: str
    mode: int


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)
    format: int = FORMAT
    studium: str
    created_at: datetime
    postgres: int
    """Major version: the files of one are nothing to another."""
    machine: str
    """Processor, for the same reason."""
    heads: dict[str, str]
    folders: dict[str, int]
    """Path → mode; parents before what is in them."""
    files: dict[str, File]

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.files.values())


def own_version() -> str:
    return metadata.version("studium")


def absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3])


def require_embedded(settings: Settings) -> None:
    """Raises `NotEmbeddedError` where an engine is somebody else's."""
    elsewhere = {settings.users_db, settings.courses_db} != {EMBEDDED} or settings.objects
    if elsewhere:
        raise NotEmbeddedError(
            "`studium backup` and `studium restore` are for the database and the folder of books"
            " that Studium starts itself; yours are named by STUDIUM_USERS_DB, STUDIUM_COURSES_DB"
            " or STUDIUM_OBJECTS. docs/guide/backup.md says how those are backed up."
        )


# ── the manifest ──────────────────────────────────────────────────────────────────────────────
def write(folder: Path, manifest: Manifest) -> None:
    body = manifest.model_dump(mode="json")
    text = json.dumps({"sha256": _digest(body), "backup": body}, indent=1)
    with (folder / MANIFEST).open("xb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """Raises `NotABackupError`, `DamagedBackupError`."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise NotABackupError(
            f"{folder / MANIFEST}: {error.strerror}. Name the folder that `studium backup` made."
        ) from error
    try:
        whole = json.loads(text)
        body, digest = whole["backup"], whole["sha256"]
    except ValueError as error:
        raise _damaged(MANIFEST, "cannot be read") from error
    except (KeyError, TypeError) as error:
        raise NotABackupError(f"{MANIFEST} is not Studium's.") from error
    if _digest(body) != digest:
        raise _damaged(MANIFEST, "is not as it was written")
    if (newer := body.get("format", FORMAT)) != FORMAT:
        raise NotABackupError(f"It has the format {newer}; this Studium knows {FORMAT}.")
    try:
        manifest = Manifest.model_validate(body)
    except ValidationError as error:
        raise NotABackupError(f"{MANIFEST} says what it should not: {error}") from error
    for path in (*manifest.folders, *manifest.files):
        _check_inside(path)
    return manifest


def _digest(body: Any) -> str:
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _check_inside(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or parts[0] not in PARTS or ".." in parts:
        raise NotABackupError(f"{MANIFEST} names {path!r}, which is no part of a backup.")


def _damaged(path: str, what: str) -> DamagedBackupError:
    return DamagedBackupError(f"{path} {what}. Take another backup.")


# ── its files ─────────────────────────────────────────────────────────────────────────────────
def describe(folder: Path, told: Told) -> Iterator[tuple[str, int | File]]:
    """Path and mode of each folder of the parts, path and `File` of each file; parents first."""
    for part in PARTS:
        for path in (folder / part, *sorted((folder / part).rglob("*"))):
            name, mode = path.relative_to(folder).as_posix(), path.stat().st_mode & 0o7777
            if path.is_dir():
                yield name, mode
            else:
                with path.open("rb") as source:
                    digest = pour(source, None, told)
                yield name, File(bytes=path.stat().st_size, sha256=digest, mode=mode)


async def verify(folder: Path, manifest: Manifest, told: Told) -> None:
    """Raises `DamagedBackupError` with the first file that is not as it was."""
    for path, file in manifest.files.items():
        with opened(folder, path) as source:
            if os.fstat(source.fileno()).st_size != file.bytes:
                raise _damaged(path, f"should have {file.bytes:,} bytes and has others")
            check(path, file, pour(source, None, told))
        await asyncio.sleep(0)  # Ctrl-C is heard


def opened(folder: Path, path: str) -> BinaryIO:
    try:
        return (folder / path).open("rb")
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from error


def check(path: str, file: File, digest: str) -> None:
    if digest != file.sha256:
        raise _damaged(path, f"has not the SHA-256 {file.sha256} that it was written with")


def pour(source: BinaryIO, target: BinaryIO | None, told: Told) -> str:
    """Copies to the disk itself, where there is a target. The SHA-256 of what it read."""
    digest = hashlib.sha256()
    while block := source.read(BLOCK_BYTES):
        digest.update(block)
        if target:
            target.write(block)
        told(len(block))
    if target:
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def sync_folders(top: Path) -> None:
    """So that the names of new files outlive a power cut too."""
    for each in (top, *(path for path in top.rglob("*") if path.is_dir())):
        sync_folder(each)


def sync_folder(folder: Path) -> None:
    opened_folder = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened_folder)
    finally:
        os.close(opened_folder)


def require_room(folder: Path, needed: int) -> None:
    """`folder`, or the first above it that is there. Raises `NoRoomError`."""
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    disk = os.statvfs(there)
    if (free := disk.f_bavail * disk.f_frsize) < needed:
        raise NoRoomError(
            f"{folder} needs {needed / 2**20:,.0f} MiB and {free / 2**20:,.0f} MiB are free."
            " Nothing was written."
        )
