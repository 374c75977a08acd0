"""`studium backup DIR`: database, books and secrets of one machine, as of one moment, while Studium
runs or while it does not (decision 0019).

The database first, the books after it: books are never changed, and what is deleted meanwhile is
kept (adapters/objects/kept.py), so each row finds its file.
"""

import asyncio
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from studium.adapters.embedded import basebackup
from studium.adapters.embedded import home as homes
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.postgres import PostgresAddress
from studium.adapters.objects import kept
from studium.commands import archive
from studium.core.errors import StudiumError
from studium.settings import Settings

console = Console(stderr=True)
WAL_ROOM_BYTES = 64 * 2**20
"""For the write-ahead log of the time that the copy takes."""


class BackupFailedError(StudiumError):
    type = "backup-failed"
    title = "The backup was not made"


async def backup(settings: Settings, target: Path) -> archive.Manifest:
    """The folder `target` appears whole or not at all.

    Raises `BackupFailedError`, `NoRoomError`, `NotEmbeddedError`, and what `basebackup` raises.
    """
    archive.require_embedded(settings)
    home, target = homes.resolve(settings.home), archive.absolute(target)
    _check(home, target)
    if settings.signing_key:
        say(f"{settings.signing_key} is not of this folder: keep a copy of it yourself.")
    with _whole_or_not_at_all(target) as draft:
        async with basebackup.reached(home, "studium backup") as address:
            with kept.keeping(_objects(home)), bars() as progress:
                manifest = await _fill(home, address, draft, progress)
    say(
        f"{target} holds {manifest.bytes / 2**20:,.0f} MiB. It opens every account and every book"
        " of this Studium: keep it where only you can read it."
    )
    return manifest


def _check(home: Home, target: Path) -> None:
    if not (home.folder / "postgres" / "data").is_dir():
        raise BackupFailedError(
            f"There is no Studium in {home.folder}. Name its folder with STUDIUM_HOME."
        )
    if target.exists():
        raise BackupFailedError(
            f"{target} exists, and a backup overwrites nothing. Choose another name."
        )
    if target.resolve().is_relative_to(home.folder):
        raise BackupFailedError(f"{target} lies in what it is to save. Choose another disk.")


def _objects(home: Home) -> Path:
    folder = home.folder / "objects"
    folder.mkdir(mode=0o700, exist_ok=True)  # a Studium that never had a book
    return folder


@contextmanager
def _whole_or_not_at_all(target: Path) -> Iterator[Path]:
    draft = target.with_name(f"{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(error) from error
    try:
        draft.mkdir(mode=0o700)
    except FileExistsError as error:
        raise BackupFailedError(
            f"{draft} is there: another backup is being made, or one was cut off. In the latter"
            " case remove it."
        ) from error
    except OSError as error:
        raise _failed(error) from error
    try:
        yield draft
        archive.sync_folders(draft)
        draft.rename(target)
        archive.sync_folder(target.parent)
    except OSError as error:
        raise _failed(error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # nothing, once it has its name


def _failed(error: OSError) -> BackupFailedError:
    return BackupFailedError(f"{error.filename or 'The disk'}: {error.strerror}. Nothing was kept.")


async def _fill(
    home: Home, address: PostgresAddress, draft: Path, progress: Progress
) -> archive.Manifest:
    books = _objects(home)
    database = await basebackup.size(address)
    stored = archive.bytes_below(books)
    archive.require_room(draft, database + stored + WAL_ROOM_BYTES)
    copying = progress.add_task("Database", total=database)
    await basebackup.copy(
        address,
        draft / "postgres" / "data",
        lambda done, total: progress.update(
            copying, completed=done, total=max(total or database, done)
        ),
    )
    progress.update(copying, completed=database, total=database)
    (draft / "objects").mkdir(mode=0o700)
    await _copy_books(books, draft / "objects", progress)
    _copy_secrets(home.folder / "secrets", draft / "secrets")
    return await _described(address, draft, progress)


async def _copy_books(books: Path, target: Path, progress: Progress) -> None:
    bar = progress.add_task("Books", total=None)
    for key in kept.every(books):
        _copy_book(books, key, target / key, lambda more: progress.advance(bar, more))
        await asyncio.sleep(0)  # Ctrl-C is heard
    progress.update(bar, total=progress.tasks[bar].completed)


def _copy_book(books: Path, key: str, target: Path, told: archive.Told) -> None:
    if source := kept.open_object(books, key):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with source, target.open("xb") as copy:
            archive.pour(source, copy, told)


def _copy_secrets(secrets: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for each in secrets.iterdir():
        with each.open("rb") as source, (target / each.name).open("xb") as copy:
            os.fchmod(copy.fileno(), each.stat().st_mode & 0o700)
            archive.pour(source, copy, lambda _: None)


async def _described(address: PostgresAddress, draft: Path, progress: Progress) -> archive.Manifest:
    every = archive.bytes_below(draft)
    bar = progress.add_task("Manifest", total=every)
    folders: dict[str, int] = {}
    files: dict[str, archive.File] = {}
    for path, found in archive.describe(draft, lambda more: progress.advance(bar, more)):
        if isinstance(found, int):
            folders[path] = found
        else:
            files[path] = found
        await asyncio.sleep(0)
    manifest = archive.Manifest(
        studium=archive.own_version(),
        created_at=datetime.now(UTC),
        postgres=await basebackup.major_version(address),
        machine=platform.machine(),
        heads=await basebackup.heads(address),
        folders=folders,
        files=files,
    )
    archive.write(draft, manifest)
    return manifest


def say(text: str) -> None:
    """One line, whatever the terminal's width: scripts read it too."""
    console.print(text, soft_wrap=True, highlight=False)


def bars() -> Progress:
    columns = (TextColumn("{task.description:<10}"), BarColumn(40), DownloadColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)
