"""A PDF written by hand, object by object: real libraries refuse to write what hurts a reader."""

import zlib
from collections.abc import Mapping

CATALOG, PAGES, PAGE, CONTENT, FONT = 1, 2, 3, 4, 5
HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
SENTENCE = b"The forgetting curve falls steeply at first."
SHOWN = b"BT /F1 12 Tf 72 700 Td (" + SENTENCE + b") Tj ET"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    head = b"<< /Length " + str(len(content)).encode() + b" " + entries + b" >>"
    return head + b"\nstream\n" + content + b"\nendstream"


def flate(content: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(content), b"/Filter /FlateDecode " + entries)


def page(entries: bytes = b"", resources: bytes = b"") -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> " + resources + b" >> " + entries + b" >>"
    )


WHOLE: dict[int, bytes] = {
    CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
    PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    PAGE: page(),
    CONTENT: stream(SHOWN),
    FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
}
"""One page with one sentence, as it should be."""


def written(changed: Mapping[int, bytes] | None = None, trailer: bytes = b"") -> bytes:
    """The whole book with these objects changed or added, and a true table of them."""
    objects = {**WHOLE, **(changed or {})}
    out = bytearray(HEADER)
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    size = max(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        used = b"%010d 00000 n \n" % offsets[number] if number in offsets else None
        out += used or b"0000000000 65535 f \n"
    out += b"trailer\n<< /Size %d /Root 1 0 R " % size + trailer + b" >>\n"
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)
