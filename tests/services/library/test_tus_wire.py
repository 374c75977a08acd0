"""What the headers of tus say, also where whoever wrote them did not know how."""

import base64
import string
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.core.identity import new_id
from studium.services.library.tus.wire import (
    Checksum,
    ChecksumError,
    Metadata,
    MetadataError,
    http_date,
    pairs,
)
from tests.services.library.tus import checksum, described

KEYS = st.text(string.ascii_letters + string.digits + "_-.", min_size=1)
LATIN = st.text(st.characters(max_codepoint=255))
"""What a header can carry (RFC 9110 section 5.5, obs-text)."""


@given(st.dictionaries(KEYS, st.text()))
def test_what_was_described_is_read(values: dict[str, str]) -> None:
    assert pairs(described(**values)) == values
    assert pairs(described(**values).replace(",", " , ")) == values


@given(LATIN)
def test_anything_else_is_read_or_refused(header: str) -> None:
    try:
        found = pairs(header)
    except MetadataError:
        return
    assert all(key.isascii() and key and "," not in key for key in found)


@given(st.text())
def test_a_file_name_is_safe(name: str) -> None:
    told = Metadata.read(described(course_id=str(new_id()), filename=name))
    assert told.filename
    assert "/" not in told.filename


@pytest.mark.parametrize(
    "header",
    [
        "filename",  # a key may come without a value, but the course is missing
        "filename YQ==,filename YQ==",
        "filename YQ",
        "filename Y!Q==",
        "filename /w==",
        "filename  YQ==",
        "naïve YQ==",
        "course_id bm90IGFuIGlk,filename YQ==",
        "course_id YQ==",
    ],
)
def test_what_describes_no_upload_is_refused(header: str) -> None:
    with pytest.raises(MetadataError, match="Nothing was begun"):
        Metadata.read(header)


def test_a_key_may_come_without_a_value() -> None:
    course = str(new_id())
    told = Metadata.read(f"is_draft,{described(course_id=course, filename='')}")
    assert told == Metadata(UUID(course), "book.pdf")


@given(st.sampled_from(["sha1", "sha256"]), st.binary())
def test_a_checksum_is_that_of_the_bytes(algorithm: str, content: bytes) -> None:
    promised = Checksum.read(checksum(algorithm, content)["Upload-Checksum"])
    digest = promised.hasher()
    digest.update(content)
    assert digest.digest() == promised.digest


@given(LATIN)
def test_what_is_no_checksum_is_refused(header: str) -> None:
    with pytest.raises(ChecksumError, match="Nothing of this chunk was kept"):
        Checksum.read(header)
    with pytest.raises(ChecksumError):
        Checksum.read(f"md5 {base64.b64encode(header.encode()).decode()}")


def test_a_date_is_the_webs() -> None:
    assert http_date(datetime(2026, 11, 5, 8, 4, 9, tzinfo=UTC)) == "Thu, 05 Nov 2026 08:04:09 GMT"
