"""The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): what its headers say."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import UUID

from studium.core.errors import Kind, StudiumError
from studium.services.library.receive import safe_name

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = ("sha1", "sha256")
MEDIA_TYPE = "application/offset+octet-stream"


class VersionError(StudiumError):
    kind = Kind.STALE
    type = "tus-version"
    title = "This version of tus is not spoken here"

    def headers(self) -> dict[str, str]:
        return {"Tus-Version": VERSION}


class MetadataError(StudiumError):
    kind = Kind.INVALID
    type = "upload-metadata"
    title = "The upload is not described"


class ChecksumError(StudiumError):
    kind = Kind.MALFORMED
    type = "upload-checksum"
    title = "The checksum cannot be read"


@dataclass(frozen=True, slots=True)
class Metadata:
    course_id: UUID
    filename: str

    @classmethod
    def read(cls, header: str) -> "Metadata":
        """Raises `MetadataError`."""
        found = pairs(header)
        try:
            course, name = UUID(found["course_id"]), found["filename"]
        except (KeyError, ValueError) as error:
            raise MetadataError(
                "Nothing was begun. Send `course_id` (an id) and `filename` in Upload-Metadata."
            ) from error
        return cls(course, safe_name(name))


def pairs(header: str) -> dict[str, str]:
    """`Upload-Metadata`: keys, each once, and their values in base64. Raises `MetadataError`."""
    found: dict[str, str] = {}
    for pair in filter(None, header.split(",")):
        key, _, value = pair.strip(" ").partition(" ")
        if not key or not key.isascii() or key in found:
            raise MetadataError("Nothing was begun. Each key of Upload-Metadata is ASCII and once.")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:
            raise MetadataError(
                f"Nothing was begun. The value of {key} in Upload-Metadata is no text in base64."
            ) from error
    return found


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a chunk's bytes come to, by the word of whoever sends them."""

    algorithm: str
    digest: bytes

    @classmethod
    def read(cls, header: str) -> "Checksum":
        """Raises `ChecksumError`."""
        algorithm, _, value = header.partition(" ")
        if algorithm not in ALGORITHMS:
            raise ChecksumError(
                f"Nothing of this chunk was kept. Send one of {', '.join(ALGORITHMS)}."
            )
        try:
            return cls(algorithm, base64.b64decode(value, validate=True))
        except binascii.Error as error:
            raise ChecksumError(
                "Nothing of this chunk was kept. Send the algorithm and the sum in base64."
            ) from error

    def hasher(self) -> "hashlib._Hash":
        # The protocol demands SHA-1; it guards against accidents, not against enemies.
        return hashlib.new(self.algorithm, usedforsecurity=False)


def http_date(moment: datetime) -> str:
    """RFC 9110 section 5.6.7."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
