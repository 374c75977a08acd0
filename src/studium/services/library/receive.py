"""An upload's body: one file of a multipart form, streamed (RFC 7578).

The form parsers of web frameworks put a file on disk first; this one hands the bytes on as they
come, so an upload needs neither memory nor disk beside the object store.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from studium.core.errors import Kind, StudiumError

MAX_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class NoFileError(StudiumError):
    kind = Kind.INVALID
    type = "no-file"
    title = "There is no file in the request"


class BrokenUploadError(StudiumError):
    kind = Kind.INVALID
    type = "broken-upload"
    title = "The upload broke off"


@dataclass(slots=True)
class IncomingFile:
    name: str
    """Safe to show and to store: the last part of the path, without control characters."""
    chunks: AsyncIterator[bytes]


async def incoming_file(content_type: str, body: AsyncIterator[bytes]) -> IncomingFile:
    """Reads up to the headers of the part named `file`. `body` raises `ConnectionError` where the
    other side breaks off.

    Raises `NoFileError`, and `BrokenUploadError` here or while the chunks are read.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise NoFileError("Send the book as multipart/form-data in the field `file`.")
    form = _Form(options[b"boundary"])
    body = _whole(body)
    async for chunk in body:
        form.feed(chunk)
        if form.file_name is not None:
            return IncomingFile(safe_name(form.file_name), _chunks(form, body))
    raise NoFileError("Send the book in the field `file` and give it a file name.")


async def _whole(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whoever breaks off is no mistake of ours, and hears no answer."""
    try:
        async for chunk in body:
            yield chunk
    except ConnectionError as error:
        raise BrokenUploadError("The connection was lost; nothing was kept.") from error


async def _chunks(form: "_Form", body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for data in form.taken():
        yield data
    async for chunk in body:
        form.feed(chunk)
        for data in form.taken():
            yield data
    if not form.complete:
        raise BrokenUploadError("The file arrived incomplete; nothing was kept. Upload it again.")


def safe_name(name: str) -> str:
    """`../../etc/passwd` → `passwd`; never empty."""
    last = PureWindowsPath(PurePosixPath(_CONTROL.sub("", name)).name).name.strip(". ")
    return last[-MAX_NAME:] or "book.pdf"


def disposition(name: str) -> str:
    """How a browser names the file that it saves (RFC 6266, RFC 8187): always a PDF, and no
    character of the name can end the field or begin another.
    """
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"inline; filename=\"book.pdf\"; filename*=UTF-8''{quote(stem, safe='')}.pdf"


@dataclass(slots=True)
class _Form:
    """Collects the bytes of the part `file`; passes over every other part."""

    boundary: bytes
    file_name: str | None = None
    complete: bool = False
    _parser: MultipartParser = field(init=False)
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _in_file: bool = False
    _data: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parser = MultipartParser(
            self.boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._part,
                "on_part_data": self._content,
                "on_part_end": self._part_end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise BrokenUploadError("The form is malformed; nothing was kept.") from error

    def taken(self) -> list[bytes]:
        data, self._data = self._data, []
        return data

    def _header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename", b"")
        if options.get(b"name") == b"file" and name and self.file_name is None:
            self._in_file = True
            self.file_name = name.decode("utf-8", "replace")

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._data.append(data[start:end])

    def _part_end(self) -> None:
        if self._in_file:
            self._in_file = False
            self.complete = True
