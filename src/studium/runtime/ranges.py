"""One byte range of a resource (RFC 9110 section 14.1.2)."""

import re
from dataclasses import dataclass

from studium.core.errors import Kind, StudiumError

# Not `\d`, which knows the digits of every script; and no file has more than 10^18 bytes.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class BadRangeError(StudiumError):
    kind = Kind.OUT_OF_RANGE
    type = "bad-range"
    title = "That range is outside of the file"

    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.extra['size']}"}


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, end)."""

    start: int
    end: int
    partial: bool

    def headers(self, size: int) -> dict[str, str]:
        headers = {"Accept-Ranges": "bytes", "Content-Length": str(self.end - self.start)}
        if self.partial:
            headers["Content-Range"] = f"bytes {self.start}-{self.end - 1}/{size}"
        return headers


def byte_range(header: str, size: int) -> ByteRange:
    """The whole where nothing, or more than one range, is asked. Raises `BadRangeError`."""
    match = _RANGE.fullmatch(header.strip())
    if not match or match.groups() == ("", ""):
        return ByteRange(0, size, partial=False)
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise BadRangeError(f"The file has {size} bytes.", size=size)
    return ByteRange(start, end, partial=True)
