"""What is deleted from a folder of objects while it is copied."""

from pathlib import Path

import pytest

from studium.adapters.objects import open_objects
from studium.adapters.objects.kept import (
    BackupRunsError,
    beside,
    every,
    keep,
    keeping,
    open_object,
)
from studium.core.ports import Objects

KEY = "organisation/book/book.pdf"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "objects"


async def stored(books: Path, key: str = KEY) -> Objects:
    objects = open_objects(books.as_uri())
    async with objects.create(key) as writer:
        await writer.write(key.encode())
    return objects


def content(books: Path, key: str = KEY) -> bytes | None:
    if file := open_object(books, key):
        with file:
            return file.read()
    return None


async def test_what_is_deleted_meanwhile_stays_until_the_end(books: Path) -> None:
    objects = await stored(books)
    with keeping(books):
        await objects.delete("organisation/book")
        assert not (books / KEY).exists()
        assert list(every(books)) == [KEY]
        assert content(books) == KEY.encode()
    assert content(books) is None
    assert not list(every(books))


async def test_without_a_backup_a_deletion_leaves_nothing(books: Path) -> None:
    objects = await stored(books)
    with keeping(books):
        pass
    await objects.delete("organisation/book")
    assert content(books) is None


async def test_what_is_there_is_listed_once_and_what_is_being_written_never(books: Path) -> None:
    await stored(books)
    other = "organisation/other/parts/1"
    await stored(books, other)
    (books / f"{KEY}#1").write_bytes(b"half")
    with keeping(books):
        keep(books, [KEY])
        assert list(every(books)) == [KEY, other]


async def test_a_second_backup_is_refused_and_takes_nothing_from_the_first(books: Path) -> None:
    objects = await stored(books)
    with keeping(books):
        await objects.delete(KEY)
        with pytest.raises(BackupRunsError, match="being backed up"), keeping(books):
            pass
        assert content(books) == KEY.encode()


async def test_what_a_killed_backup_left_goes_with_the_next(books: Path) -> None:
    await stored(books)
    (beside(books) / "organisation").mkdir(parents=True)
    (beside(books) / "organisation" / "old").write_bytes(b"of a killed backup")
    with keeping(books):
        assert list(every(books)) == [KEY]
