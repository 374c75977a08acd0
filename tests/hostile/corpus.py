"""Files made to hurt their reader, and files that were only hurt: one function each.

`FILES` is name → (what ends well: `read`, `refused` or `either`; how the bytes are made).
"""

import io
import random
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import pypdf

from tests.conftest import ROOT
from tests.hostile.pdf import SHOWN, flate, page, stream, written

SAMPLE = ROOT / "src" / "studium" / "sample" / "how-memory-learns.pdf"
MIB = 1 << 20
End = Literal["read", "refused", "either"]


class Hostile(NamedTuple):
    end: End
    make: Callable[[], bytes]


# ── hurt on the way ───────────────────────────────────────────────────────────────────────────
def flipped(seed: int, flips: int = 200) -> bytes:
    chance = random.Random(seed)
    book = bytearray(SAMPLE.read_bytes())
    for _ in range(flips):
        book[chance.randrange(len(book))] ^= 1 << chance.randrange(8)
    return bytes(book)


def truncated(tenths: int) -> bytes:
    book = SAMPLE.read_bytes()
    return book[: len(book) * tenths // 11]


def trailerless() -> bytes:
    book = written()
    return book[: book.rindex(b"xref\n0")]


def without_its_head() -> bytes:
    return b"%PDF-1.7\n" + SAMPLE.read_bytes()[50_000:]


# ── too much ──────────────────────────────────────────────────────────────────────────────────
def _zeros(total: int) -> bytes:
    squeezer = zlib.compressobj(9)
    block = bytes(MIB)
    parts = [squeezer.compress(block) for _ in range(total // MIB)]
    return b"".join(parts) + squeezer.flush()


def flate_bomb() -> bytes:
    return written({4: stream(_zeros(1024 * MIB), b"/Filter /FlateDecode")})


def double_flate_bomb() -> bytes:
    twice = zlib.compress(_zeros(1024 * MIB), 9)
    return written({4: stream(twice, b"/Filter [/FlateDecode /FlateDecode]")})


def chained_filters() -> bytes:
    names = b"/ASCIIHexDecode " * 5000
    return written({4: stream(b"3" * 100_000, b"/Filter [" + names + b"]")})


def wide_predictor() -> bytes:
    parameters = b"/DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 >>"
    return written({4: flate(SHOWN, parameters)})


def nested_operators() -> bytes:
    return written({4: stream(b"q " * 200_000 + SHOWN + b" Q" * 200_000)})


def nested_arrays_in_content() -> bytes:
    return written({4: stream(b"[" * 200_000 + b"]" * 200_000 + b" TJ " + SHOWN)})


def deep_objects() -> bytes:
    deep = b"<< /A " * 100_000 + b"null" + b" >>" * 100_000
    return written({3: page(b"/Deep " + deep)})


def deep_array() -> bytes:
    return written({6: b"[" * 300_000 + b"]" * 300_000, 3: page(b"/Deep 6 0 R")})


def hundred_thousand_pages() -> bytes:
    kids = b"3 0 R " * 100_000
    return written({2: b"<< /Type /Pages /Count 100000 /Kids [" + kids + b"] >>"})


def deep_page_tree() -> bytes:
    depth = 20_000
    levels = {
        10 + at: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (11 + at) for at in range(depth)
    }
    levels[10 + depth] = page()
    return written({2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>", **levels})


def five_million_characters() -> bytes:
    lines = b"".join(b"0 -1 Td (%s) Tj " % (b"memory " * 100) for _ in range(7_000))
    return written({4: flate(b"BT /F1 1 Tf 10 790 Td " + lines + b"ET")})


def huge_image() -> bytes:
    image = stream(
        _zeros(64 * MIB),
        b"/Type /XObject /Subtype /Image /Width 200000 /Height 200000 /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Filter /FlateDecode",
    )
    drawn = stream(SHOWN + b" q 500 0 0 500 0 0 cm /I Do Q")
    return written({6: image, 4: drawn, 3: page(resources=b"/XObject << /I 6 0 R >>")})


def huge_title() -> bytes:
    return written({6: b"<< /Title (" + b"A" * (10 * MIB) + b") >>"}, b"/Info 6 0 R")


def million_outline_entries() -> bytes:
    count = 200_000
    entries = {
        10 + at: b"<< /Title (T) /Parent 9 0 R /Dest [3 0 R /Fit] /Next %d 0 R >>" % (11 + at)
        for at in range(count)
    }
    entries[10 + count] = b"<< /Title (T) /Parent 9 0 R /Dest [3 0 R /Fit] >>"
    root = b"<< /Type /Outlines /First 10 0 R /Last %d 0 R >>" % (10 + count)
    catalog = b"<< /Type /Catalog /Pages 2 0 R /Outlines 9 0 R >>"
    return written({1: catalog, 9: root, **entries})


def entity_bomb() -> bytes:
    lines = [b'<!ENTITY a0 "lol">']
    lines += [b'<!ENTITY a%d "%s">' % (at, b"&a%d;" % (at - 1) * 10) for at in range(1, 12)]
    xmp = b"<?xml version='1.0'?><!DOCTYPE x [" + b"".join(lines) + b"]><x>&a11;</x>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /Metadata 6 0 R >>"
    return written({1: catalog, 6: stream(xmp, b"/Type /Metadata /Subtype /XML")})


# ── round and round ───────────────────────────────────────────────────────────────────────────
def recursive_form() -> bytes:
    form = stream(
        b"/X Do " + SHOWN,
        b"/Type /XObject /Subtype /Form /BBox [0 0 612 792]"
        b" /Resources << /XObject << /X 6 0 R >> /Font << /F1 5 0 R >> >>",
    )
    shown = stream(b"/X Do")
    return written({6: form, 4: shown, 3: page(resources=b"/XObject << /X 6 0 R >>")})


def recursive_type3_font() -> bytes:
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0]"
        b" /CharProcs << /a 7 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97"
        b" /LastChar 97 /Widths [1000] /Resources << /Font << /F1 5 0 R >> >> >>"
    )
    glyph = stream(b"1000 0 d0 BT /F1 1 Tf (a) Tj ET")
    return written({5: font, 7: glyph, 4: stream(b"BT /F1 12 Tf 72 700 Td (aaa) Tj ET")})


def outline_cycle() -> bytes:
    entry = b"<< /Title (Round) /Parent 9 0 R /Next 10 0 R /First 10 0 R /Dest [3 0 R /Fit] >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /Outlines 9 0 R >>"
    return written({1: catalog, 9: b"<< /First 10 0 R /Last 10 0 R >>", 10: entry})


def page_tree_cycle() -> bytes:
    return written({2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /Parent 2 0 R >>"})


def label_cycle() -> bytes:
    catalog = b"<< /Type /Catalog /Pages 2 0 R /PageLabels 6 0 R >>"
    return written({1: catalog, 6: b"<< /Kids [6 0 R] /Limits [0 9] >>"})


def length_of_itself() -> bytes:
    return written({4: b"<< /Length 4 0 R >>\nstream\n" + SHOWN + b"\nendstream"})


def table_cycle() -> bytes:
    book = written()
    start = book.rindex(b"xref\n0")
    return book.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start)


# ── untrue ────────────────────────────────────────────────────────────────────────────────────
def counted(count: int) -> bytes:
    return written({2: b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count})


def sized(box: bytes) -> bytes:
    return written({3: page().replace(b"[0 0 612 792]", box)})


def broken_font() -> bytes:
    noise = random.Random(3).randbytes(50_000)
    descriptor = b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontFile2 7 0 R >>"
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /X /FontDescriptor 6 0 R >>"
    return written({5: font, 6: descriptor, 7: flate(noise)})


def odd_characters() -> bytes:
    """NUL, surrogates, marks that turn the writing direction."""
    table = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF>"
        b" endcodespacerange 5 beginbfchar <41> <0000> <42> <D800> <43> <202E> <44> <DFFFD800>"
        b" <45> <FFFF> endbfchar endcmap"
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>"
    text = b"BT /F1 12 Tf 72 700 Td (ABCDE and memory) Tj ET"
    return written({5: font, 6: stream(table), 4: stream(text)})


# ── locked ────────────────────────────────────────────────────────────────────────────────────
def encrypted(user: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(SAMPLE.read_bytes()))
    writer.encrypt(user, "owner", algorithm="AES-256")
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def page_missing() -> bytes:
    """An outline, a good page, and one that the tree names and the file does not hold."""
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R 9 0 R] /Count 2 >>",
            6: b"<< /First 7 0 R /Last 7 0 R /Count 1 >>",
            7: b"<< /Title (Memory) /Parent 6 0 R /Dest [3 0 R /XYZ 0 700 0] >>",
        }
    )


# ── something else ────────────────────────────────────────────────────────────────────────────
def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    return sink.getvalue()


def acting() -> bytes:
    """Everything that a viewer might be made to do."""
    catalog = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 7 0 R >>"
        b" /Names << /EmbeddedFiles << /Names [(a) 8 0 R] >> /JavaScript << /Names [(x) 6 0 R] >>"
        b" >> >>"
    )
    return written(
        {
            1: catalog,
            6: b"<< /S /JavaScript /JS (app.launchURL('http://127.0.0.1:1/')) >>",
            7: b"<< /S /Launch /F (/bin/sh) >>",
            8: b"<< /Type /Filespec /F (evil.exe) /EF << /F 9 0 R >> >>",
            9: stream(b"MZ"),
        }
    )


FILES: dict[str, Hostile] = {
    **{f"flipped {seed}": Hostile("either", partial(flipped, seed)) for seed in range(5)},
    **{f"cut at {at}/11": Hostile("either", partial(truncated, at)) for at in range(1, 11)},
    "without a trailer": Hostile("read", trailerless),
    "without its head": Hostile("either", without_its_head),
    "flate bomb of 1 GiB": Hostile("either", flate_bomb),
    "flate bomb in a flate bomb": Hostile("either", double_flate_bomb),
    "5,000 filters": Hostile("either", chained_filters),
    "predictor of 2^31 columns": Hostile("either", wide_predictor),
    "200,000 nested operators": Hostile("either", nested_operators),
    "200,000 arrays in a text": Hostile("either", nested_arrays_in_content),
    "100,000 nested dictionaries": Hostile("either", deep_objects),
    "300,000 nested arrays": Hostile("either", deep_array),
    "100,000 pages": Hostile("refused", hundred_thousand_pages),
    "page tree of 20,000 levels": Hostile("either", deep_page_tree),
    "a page of 5 million characters": Hostile("either", five_million_characters),
    "image of 40 gigapixels": Hostile("read", huge_image),
    "title of 10 MiB": Hostile("read", huge_title),
    "200,000 outline entries": Hostile("read", million_outline_entries),
    "entity bomb in XMP": Hostile("read", entity_bomb),
    "form that draws itself": Hostile("either", recursive_form),
    "font that is written in itself": Hostile("either", recursive_type3_font),
    "outline in a circle": Hostile("read", outline_cycle),
    "pages in a circle": Hostile("either", page_tree_cycle),
    "labels in a circle": Hostile("read", label_cycle),
    "stream whose length is itself": Hostile("either", length_of_itself),
    "tables in a circle": Hostile("either", table_cycle),
    "count of a million": Hostile("either", partial(counted, 1_000_000)),
    "count below zero": Hostile("either", partial(counted, -5)),
    "count of zero": Hostile("either", partial(counted, 0)),
    "page that is not there": Hostile("read", page_missing),
    "page without size": Hostile("either", partial(sized, b"[0 0 0 0]")),
    "page of 10^30 points": Hostile("either", partial(sized, b"[0 0 1e30 1e30]")),
    "font of noise": Hostile("read", broken_font),
    "characters that are none": Hostile("read", odd_characters),
    "locked for its owner": Hostile("read", partial(encrypted, "")),
    "locked for everybody": Hostile("refused", partial(encrypted, "secret")),
    "empty": Hostile("refused", bytes),
    "a picture": Hostile("refused", partial(bytes, b"\x89PNG\r\n\x1a\n" + bytes(1000))),
    "an archive": Hostile("refused", zipped),
    "a web page": Hostile("refused", partial(bytes, b"<!doctype html><p>memory</p>")),
    "only a header": Hostile("refused", partial(bytes, b"%PDF-1.7\n")),
    "archive and book": Hostile("read", lambda: zipped() + written()),
    "web page and book": Hostile("read", lambda: b"<!doctype html><script>1</script>" + written()),
    "actions and scripts": Hostile("read", acting),
}
