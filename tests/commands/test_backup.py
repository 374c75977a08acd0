"""`studium backup` and `studium restore`: taken while books are read, put back elsewhere."""

import asyncio
import json
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest

from studium.adapters.embedded import basebackup
from studium.adapters.embedded.home import HalfRestoredError, Home, require_whole
from studium.adapters.objects.kept import keeping
from studium.commands import archive, backup, restore
from studium.core.errors import StudiumError
from studium.settings import Settings
from tests.commands.teacher import Teacher
from tests.commands.test_up import Up, studium
from tests.conftest import NO_LIMITS, launched, opened, wait_until_ready
from tests.flows.acceptance import sample_book
from tests.services.library.books import tiny_book

BOOKS = 4
"""Enough that some are unread when the backup is made."""
PATIENCE_SECONDS = 120
REFRESH = "/v1/auth/refresh"
UNFINISHED = "SELECT count(*) FROM events.deliveries WHERE state NOT IN ('done', 'dead')"
ACCOUNTS = "SELECT count(*) FROM accounts"
HURRY = {**NO_LIMITS, "resend_seconds": "2", "lease_seconds": "3"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return opened(tmp_path_factory.mktemp("backup"))


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Up]:
    running = Up(folder)
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture(scope="module")
def teacher(up: Up) -> Teacher:
    new = Teacher(up.url)
    new.enter("register", name="Teacher")
    new.course = new.ok("POST", "/v1/courses", json={"title": "Memory"})["id"]
    return new


async def test_a_book_that_is_deleted_meanwhile_is_in_the_copy(
    up: Up, teacher: Teacher, folder: Path
) -> None:
    """Between the database and the books, as late as can be."""
    material = teacher.upload(tiny_book("deleted"))
    digest = teacher.told.pop(material)
    books = up.home / "objects"
    (book,) = books.glob(f"*/{material}/book.pdf")
    target = folder / "books"
    target.mkdir()
    async with basebackup.reached(Home(up.home), "test") as address:
        with keeping(books), backup.bars() as progress:
            await basebackup.copy(address, folder / "database", lambda *_: None)
            teacher.ok("DELETE", f"/v1/materials/{material}")
            for _ in range(600):
                if not book.exists():
                    break
                await asyncio.sleep(0.05)
            assert not book.exists()
            await backup._copy_books(books, target, progress)
    copied = target / book.relative_to(books)
    assert sha256(copied.read_bytes()).hexdigest() == digest
    assert not list((up.home / "objects.kept").glob("*/*"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return opened(tmp_path)


class Saved:
    """Backed up under load, the original killed, restored elsewhere, started there."""

    def __init__(self, up: Up, teacher: Teacher, folder: Path) -> None:
        self.folder = folder / "backups" / "monday"
        self.before = Teacher(up.url)
        self.before.enter("login")
        self.cookies = dict(self.before.api.cookies)
        for number in range(BOOKS):
            teacher.upload(sample_book() + f"\n%{number}\n".encode())
        self.acknowledged = dict(teacher.told)
        with meanwhile(teacher):
            answer = studium("backup", str(self.folder), STUDIUM_HOME=str(up.home))
        assert answer.returncode == 0, answer.stderr
        self.said = answer.stderr
        self.uploaded = dict(teacher.told)
        kill(up)
        self.home = folder / "second" / "data"
        self.home.parent.mkdir()
        opened(self.home.parent)
        answer = studium("restore", str(self.folder), STUDIUM_HOME=str(self.home))
        assert answer.returncode == 0, answer.stderr
        self.parts = entries(self.home)
        self.unfinished = asyncio.run(count(self.home, "courses", UNFINISHED))
        self.port = up.port
        self.process = launched(self.home.parent, self.port, "up", **HURRY)
        wait_until_ready(up.url, self.process, self.home.parent / "log")
        self.teacher = Teacher(up.url)
        self.teacher.course = teacher.course


def entries(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


async def count(home: Path, database: str, asked: str) -> int:
    """In a home on which no Studium runs."""
    async with (
        basebackup.reached(Home(home), "test") as address,
        basebackup._asking(address, database) as connection,
    ):
        return int(await connection.fetchval(asked))


def kill(up: Up) -> None:
    everything = [psutil.Process(up.process.pid), *up.descendants()]
    for each in everything:
        with suppress(psutil.NoSuchProcess):  # engines end with their parent
            each.kill()
    psutil.wait_procs(everything, timeout=20)


@contextmanager
def meanwhile(teacher: Teacher) -> Iterator[None]:
    """Books come and go."""
    ended = threading.Event()

    def come_and_go() -> None:
        number = 0
        while not ended.is_set():
            gone = teacher.upload(tiny_book() + f"\n%gone {number}\n".encode())
            teacher.upload(tiny_book() + f"\n%stays {number}\n".encode())
            teacher.ok("DELETE", f"/v1/materials/{gone}")
            number += 1
            time.sleep(0.2)

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def saved(up: Up, teacher: Teacher, folder: Path) -> Iterator[Saved]:
    made = Saved(up, teacher, folder)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)


def test_the_old_cookie_and_the_old_password_open_it(saved: Saved) -> None:
    saved.teacher.api.cookies.update(saved.cookies)
    answer = saved.teacher.api.post(REFRESH)
    assert answer.status_code == 200, answer.text
    saved.teacher.enter("login")


def test_every_acknowledged_book_is_there_and_ends_ready(saved: Saved) -> None:
    assert saved.unfinished, "all work was done when the backup was made: nothing was shown"
    until = time.monotonic() + PATIENCE_SECONDS
    while "processing" in (now := saved.teacher.statuses()).values() and time.monotonic() < until:
        time.sleep(0.3)
    assert set(saved.acknowledged) <= set(now)
    assert set(now.values()) == {"ready"}
    # Valkey was not kept: what it held is sent anew from the database.
    assert not {"valkey", "models"} & saved.parts


def test_every_row_finds_its_file(saved: Saved) -> None:
    """Those that came or went while the backup was made are there with their file, or not at
    all.
    """
    found = {material: saved.teacher.file(material) for material in saved.teacher.statuses()}
    assert found == {material: saved.uploaded[material] for material in found}
    assert {id_: saved.acknowledged[id_] for id_ in found if id_ in saved.acknowledged} == (
        saved.acknowledged
    )


def test_notes_and_search_answer(saved: Saved) -> None:
    material = next(iter(saved.acknowledged))
    until = time.monotonic() + PATIENCE_SECONDS
    path = f"/v1/materials/{material}/notes"
    while (notes := saved.teacher.ok("GET", path))["status"] == "writing":
        assert time.monotonic() < until
        time.sleep(0.3)
    quote = next(p for s in notes["sections"] for p in s["points"])["citations"][0]["quote"]
    for mode in ("hybrid", "keyword", "dense"):
        query = {"q": quote[:400], "mode": mode}
        path = f"/v1/courses/{saved.teacher.course}/search"
        assert saved.teacher.ok("GET", path, params=query)["results"], mode


# ── the folder itself ─────────────────────────────────────────────────────────────────────────
def test_secrets_are_in_it_and_nobody_else_may_read_them(saved: Saved) -> None:
    assert {"postgres", "signing-key.pem"} <= {
        each.name for each in (saved.folder / "secrets").iterdir()
    }
    assert "keep it where only you can read it" in saved.said
    for home in (saved.folder, saved.home):
        assert (home / "secrets").stat().st_mode & 0o077 == 0
        assert all(each.stat().st_mode & 0o077 == 0 for each in (home / "secrets").iterdir())
    assert saved.folder.stat().st_mode & 0o077 == 0
    key = "secrets/signing-key.pem"
    assert (saved.folder / key).read_bytes() == (saved.home / key).read_bytes()


def test_the_manifest_names_every_file_by_its_hash(saved: Saved) -> None:
    manifest = archive.read(saved.folder)
    there = {
        path.relative_to(saved.folder).as_posix(): path
        for path in saved.folder.rglob("*")
        if path.is_file() and path.name != archive.MANIFEST
    }
    assert set(manifest.files) == set(there)
    for name, file in manifest.files.items():
        assert sha256(there[name].read_bytes()).hexdigest() == file.sha256
    assert set(manifest.heads) == {"users", "courses"}


async def test_nothing_is_overwritten(saved: Saved, empty: Path) -> None:
    home = Settings(home=saved.home)
    with pytest.raises(backup.BackupFailedError, match="overwrites nothing"):
        await backup.backup(home, saved.folder)
    with pytest.raises(backup.BackupFailedError, match="another disk"):
        await backup.backup(home, saved.home / "copy")
    (empty / "copy.unfinished").mkdir()
    with pytest.raises(backup.BackupFailedError, match="one was cut off"):
        await backup.backup(home, empty / "copy")
    with pytest.raises(restore.HomeNotEmptyError, match="Nothing was changed"):
        await restore.restore(home, saved.folder)
    assert saved.process.poll() is None
    assert entries(empty) == {"copy.unfinished"}


@pytest.mark.parametrize("part", ["objects", "postgres", "secrets", archive.MANIFEST])
async def test_one_damaged_byte_is_named(saved: Saved, empty: Path, part: str) -> None:
    top = saved.folder / part
    every = sorted(path for path in top.rglob("*") if path.is_file()) or [top]
    victim = max(every, key=lambda path: path.stat().st_size)
    whole = victim.read_bytes()
    middle = len(whole) // 2
    victim.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        with pytest.raises(StudiumError) as refused:
            await restore.restore(Settings(home=empty / "data"), saved.folder)
    finally:
        victim.write_bytes(whole)
    assert victim.relative_to(saved.folder).as_posix() in refused.value.detail
    assert not (empty / "data").exists()


async def test_a_missing_file_is_named(saved: Saved, empty: Path) -> None:
    victim = saved.folder / "secrets" / "postgres"
    victim.rename(empty / "away")
    try:
        with pytest.raises(archive.DamagedBackupError, match="secrets/postgres cannot be read"):
            await restore.restore(Settings(home=empty / "data"), saved.folder)
    finally:
        (empty / "away").rename(victim)
    assert not (empty / "data").exists()


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "newer": ({"studium": "99.0.0"}, "made by Studium 99.0.0"),
    "unknown revision": ({"heads": {"users": "9999"}}, "does not know its database"),
    "unknown store": ({"heads": {"warehouse": "0001"}}, "does not know its database"),
    "PostgreSQL": ({"postgres": 17}, "PostgreSQL 17"),
    "processor": ({"machine": "abacus"}, "on abacus"),
    "format": ({"format": 2}, "the format 2"),
    "way out": ({"folders": {"postgres/../../etc": 448}}, "no part of a backup"),
}


@pytest.mark.parametrize("what", OTHERS)
async def test_what_this_version_cannot_read_is_refused(
    saved: Saved, empty: Path, what: str
) -> None:
    wrong, said = OTHERS[what]
    manifest = json.loads((saved.folder / archive.MANIFEST).read_text())["backup"]
    forged = {**manifest, **wrong}
    text = json.dumps({"sha256": archive._digest(forged), "backup": forged})
    (empty / archive.MANIFEST).write_text(text)
    with pytest.raises(archive.NotABackupError, match=said):
        await restore.restore(Settings(home=empty / "data"), empty)
    assert not (empty / "data").exists()


async def test_a_folder_that_is_no_backup_is_refused(empty: Path) -> None:
    with pytest.raises(archive.NotABackupError, match="Name the folder"):
        await restore.restore(Settings(home=empty / "data"), empty)


async def test_engines_of_others_are_not_ours_to_save(empty: Path) -> None:
    theirs = Settings(home=empty, objects="s3://books")
    with pytest.raises(archive.NotEmbeddedError, match=r"docs/guide/backup\.md"):
        await backup.backup(theirs, empty / "copy")
    with pytest.raises(archive.NotEmbeddedError, match=r"docs/guide/backup\.md"):
        await restore.restore(theirs, empty / "copy")


async def test_no_studium_no_backup(empty: Path) -> None:
    with pytest.raises(backup.BackupFailedError, match="STUDIUM_HOME"):
        await backup.backup(Settings(home=empty), empty / "copy")
    assert entries(empty) == set()


# ── a disk that takes no more ─────────────────────────────────────────────────────────────────
@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_backup_that_cannot_be_written_leaves_nothing(saved: Saved, empty: Path) -> None:
    with files_end_at(100_000), pytest.raises(basebackup.CopyFailedError):
        await backup.backup(Settings(home=saved.home), empty / "copy")
    assert entries(empty) == set()


async def test_a_restore_that_cannot_be_written_leaves_nothing(saved: Saved, empty: Path) -> None:
    home = empty / "data"
    with files_end_at(100_000), pytest.raises(restore.RestoreFailedError, match="too large"):
        await restore.restore(Settings(home=home), saved.folder)
    assert entries(home) == {"lock"}


async def test_too_small_a_disk_is_refused_first(saved: Saved, empty: Path) -> None:
    manifest = archive.read(saved.folder)
    with pytest.raises(archive.NoRoomError, match="MiB are free"):
        archive.require_room(empty / "data", manifest.bytes * 2**30)


# ── while nothing runs ────────────────────────────────────────────────────────────────────────
async def test_a_stopped_studium_is_backed_up_too(saved: Saved, empty: Path) -> None:
    """And a restore that was cut off is begun anew, while no Studium starts on its remains."""
    saved.process.terminate()
    saved.process.wait(60)
    await backup.backup(Settings(home=saved.home), empty / "copy")
    home = Home(empty / "data")
    home.folder.mkdir()
    shutil.copytree(empty / "copy" / "secrets", home.folder / "secrets")
    (home.folder / "restoring").mkdir()
    with pytest.raises(HalfRestoredError, match="once more"):
        require_whole(home)
    await restore.restore(Settings(home=home.folder), empty / "copy")
    require_whole(home)
    for each in (home.folder, saved.home):
        assert await count(each, "users", ACCOUNTS) == 1
