"""The streamed upload body."""

import itertools
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.services.library.receive import (
    BrokenUploadError,
    NoFileError,
    disposition,
    incoming_file,
    safe_name,
)

TYPE = "multipart/form-data; boundary=edge"


def form(content: bytes, name: str = "book.pdf") -> bytes:
    return (
        b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: application/pdf\r\n\r\n'
        + content
        + b"\r\n--edge--\r\n"
    )


async def pieces(body: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    edges = [0, *sorted({cut % (len(body) + 1) for cut in cuts}), len(body)]
    for start, end in itertools.pairwise(edges):
        yield body[start:end]


async def received(body: bytes, cuts: list[int]) -> bytes:
    file = await incoming_file(TYPE, pieces(body, cuts))
    return b"".join([chunk async for chunk in file.chunks])


@given(st.binary(max_size=300), st.lists(st.integers(0, 1000), max_size=20))
async def test_the_file_arrives_however_it_is_cut(content: bytes, cuts: list[int]) -> None:
    assert await received(form(content), cuts) == content


@given(st.integers(1, 24))
async def test_a_body_that_ends_early_is_an_error(missing: int) -> None:
    body = form(b"content" * 20)[: -10 - missing]
    with pytest.raises(BrokenUploadError):
        await received(body, [])


@pytest.mark.parametrize("kind", ["", "application/pdf", "multipart/form-data"])
async def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(NoFileError):
        await incoming_file(kind, pieces(form(b"x"), []))


async def test_a_form_without_the_file_says_so() -> None:
    body = b'--edge\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--edge--\r\n'
    with pytest.raises(NoFileError):
        await incoming_file(TYPE, pieces(body, []))


@given(st.text(max_size=300))
def test_a_name_is_safe_to_show_and_to_store(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 200
    assert not set(safe) & set("/\\\x00\n\r\u202e")
    assert safe not in {".", ".."}


@given(st.text(max_size=300))
def test_a_name_cannot_leave_its_header(name: str) -> None:
    """RFC 6266 and RFC 8187: two parameters, the second percent-encoded, both a PDF's."""
    kind, plain, starred = disposition(safe_name(name)).split("; ")
    assert (kind, plain) == ("inline", 'filename="book.pdf"')
    value = starred.removeprefix("filename*=UTF-8''")
    assert re.fullmatch(r"([A-Za-z0-9._~-]|%[0-9A-F]{2})*\.pdf", value)


def test_a_saved_book_has_its_name_and_is_a_pdf() -> None:
    assert disposition("Physik für alle.PDF").endswith("UTF-8''Physik%20f%C3%BCr%20alle.pdf")
    assert disposition('a"b.exe').endswith("UTF-8''a%22b.exe.pdf")


def test_a_path_keeps_its_last_part() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\books\\Physik für alle.pdf") == "Physik für alle.pdf"
