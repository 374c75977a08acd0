"""Reading in a child process: bad files say what to do, good parts are kept."""

import io
import os
from pathlib import Path

import pypdf
import pytest
import typst

from studium.services.library import child
from studium.services.library.child import Limits, UnreadableFileError, plan_book, read_range
from tests.services.library.books import tiny_book


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "book.pdf"
    path.write_bytes(content)
    return path


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(tiny_book()))
    writer.encrypt("secret", algorithm="RC4-128")
    return written(writer)


def without_pages() -> bytes:
    return written(pypdf.PdfWriter())


def written(writer: pypdf.PdfWriter) -> bytes:
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def scanned() -> bytes:
    drawing = "#set page(width: 100mm, height: 100mm)\n#rect(width: 50mm, height: 50mm)"
    return bytes(typst.compile(drawing.encode(), format="pdf"))


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "damaged or incomplete"),
        (b"%PDF-1.7\nnothing more", "damaged or incomplete"),
        (tiny_book()[:200], "damaged or incomplete"),
        (encrypted(), "Remove the password"),
        (without_pages(), "has no pages"),
    ],
    ids=["empty", "only a header", "truncated", "encrypted", "no pages"],
)
async def test_a_bad_file_says_what_to_do(tmp_path: Path, content: bytes, advice: str) -> None:
    with pytest.raises(UnreadableFileError, match=advice):
        await plan_book(saved(tmp_path, content))


async def test_a_book_is_planned_and_read(tmp_path: Path) -> None:
    path = saved(tmp_path, tiny_book())
    book = await plan_book(path)
    assert (book.pages, book.language, book.title) == (2, "en", "A Tiny Book of Memory")
    assert [each.heading for each in book.sections] == ["1 Forgetting", "2 Practice"]
    pages = await read_range(path, 1, 2, book)
    assert "The forgetting curve is a graph" in pages[0].text
    assert [page.failure for page in pages] == [None, None]


async def test_a_scanned_page_is_empty_and_no_failure(tmp_path: Path) -> None:
    path = saved(tmp_path, scanned())
    pages = await read_range(path, 1, 1, await plan_book(path))
    assert [(page.text, page.failure) for page in pages] == [("", None)]


async def test_a_page_that_ends_the_child_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is made to die on page 2; page 1 is read all the same."""
    path = saved(tmp_path, tiny_book())
    book = await plan_book(path)
    run = child._run

    async def dies_on_page_two(job: dict[str, int], limits: Limits) -> object:
        if job["last"] >= 2 >= job["first"]:
            raise child._DiedError
        return await run(job, limits)

    monkeypatch.setattr(child, "_run", dies_on_page_two)
    pages = await read_range(path, 1, 2, book)
    assert pages[0].text
    assert "more time or memory" in (pages[1].failure or "")


async def test_a_child_that_does_not_answer_in_time_is_ended(tmp_path: Path) -> None:
    book = await plan_book(saved(tmp_path, tiny_book()))
    never = tmp_path / "never"
    os.mkfifo(never)  # Opening it waits for a writer, who never comes.
    pages = await read_range(never, 1, 1, book, Limits(wall_seconds=0.2))
    assert "more time or memory" in (pages[0].failure or "")


async def test_a_child_that_says_too_much_is_ended(tmp_path: Path) -> None:
    path = saved(tmp_path, tiny_book())
    pages = await read_range(path, 1, 1, await plan_book(path), Limits(output_bytes=10))
    assert "more time or memory" in (pages[0].failure or "")


async def test_a_book_of_too_many_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="more than 1 pages"):
        await plan_book(saved(tmp_path, tiny_book()), Limits(pages=1))


async def test_a_file_that_was_cut_off_is_read_by_the_second_reader(tmp_path: Path) -> None:
    """Pdfium refuses it; its owner is told that pages may be missing."""
    path = saved(tmp_path, tiny_book()[:-600])
    book = await plan_book(path)
    assert (book.reader, book.pages) == ("oxide", 2)
    assert "damaged" in (book.remark or "")
    pages = await read_range(path, 1, book.pages, book)
    assert "The forgetting curve is a graph" in pages[0].text


async def test_a_book_that_ends_the_planning_child_is_planned_with_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = child._run

    async def dies_when_it_looks(job: dict[str, object], limits: Limits) -> object:
        if job["look"] != "count":
            raise child._DiedError
        return await run(job, limits)

    monkeypatch.setattr(child, "_run", dies_when_it_looks)
    assert (await plan_book(saved(tmp_path, tiny_book()))).pages == 2


async def test_a_range_that_ends_every_child_is_given_up_after_some_deaths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file made to hurt costs a bounded number of attempts, and each page has its reason."""
    path = saved(tmp_path, tiny_book())
    book = await plan_book(path)
    started = []

    async def dies(job: dict[str, int], limits: Limits) -> object:
        started.append((job["first"], job["last"]))
        raise child._DiedError

    monkeypatch.setattr(child, "_run", dies)
    pages = await read_range(path, 1, 40, book, Limits(deaths=16))
    assert len(started) == 16
    assert [page.number for page in pages] == list(range(1, 41))
    assert all(page.failure for page in pages)
