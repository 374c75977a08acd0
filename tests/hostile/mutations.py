"""Real pages with something wrong in them, by seed."""

import io
import random
import re
from collections.abc import Callable
from functools import cache

import pypdf

from tests.hostile.corpus import SAMPLE
from tests.hostile.pdf import written

NUMBER = re.compile(rb"\d+")
NAME = re.compile(rb"/[A-Za-z0-9]+")
OPERATOR = re.compile(rb"\b(?:BT|ET|Tf|Td|TJ|Tj|Tm|cm|q|Q|Do|re|gs|obj|endobj|stream|endstream)\b")
NUMBERS = (b"0", b"-1", b"1e38", b"65536", b"2147483648", b"99999999999999999999", b"0.0000001")


@cache
def bases() -> tuple[bytes, ...]:
    """The sample's pages, each a file, once packed as they are and once laid open."""
    reader = pypdf.PdfReader(SAMPLE)
    found = [written()]
    for number, page in enumerate(reader.pages):
        writer = pypdf.PdfWriter()
        added = writer.add_page(page)
        if number % 2:
            added.compress_content_streams(level=0)
        writer.add_outline_item(title="Here", page_number=0)
        sink = io.BytesIO()
        writer.write(sink)
        found.append(sink.getvalue())
    return tuple(found)


def mutant(seed: int) -> bytes:
    """The same bytes for the same seed."""
    chance = random.Random(seed)
    book = chance.choice(bases())
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        book = chance.choice(MUTATIONS)(book, chance)
    return book


def _flip(book: bytes, chance: random.Random) -> bytes:
    changed = bytearray(book)
    for _ in range(chance.choice((1, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(book: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(book))
    return book[:at] + book[at + chance.choice((1, 16, 256, 4096)) :]


def _repeat(book: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(book))
    piece = book[at : at + chance.choice((4, 64, 1024))]
    return book[:at] + piece * chance.choice((2, 50, 1000)) + book[at:]


def _splice(book: bytes, chance: random.Random) -> bytes:
    other = chance.choice(bases())
    at, there = chance.randrange(len(book)), chance.randrange(len(other))
    return book[:at] + other[there : there + 2000] + book[at:]


def _swapped(pattern: re.Pattern[bytes]) -> Callable[[bytes, random.Random], bytes]:
    """Two tokens of a kind change places: references, keys, operators."""

    def swap(book: bytes, chance: random.Random) -> bytes:
        found = list(pattern.finditer(book))
        if len(found) < 2:
            return book
        first, second = sorted(chance.sample(found, 2), key=lambda match: match.start())
        middle = book[first.end() : second.start()]
        head, tail = book[: first.start()], book[second.end() :]
        return head + second.group() + middle + first.group() + tail

    return swap


def _number(book: bytes, chance: random.Random) -> bytes:
    found = list(NUMBER.finditer(book))
    if not found:
        return book
    match = chance.choice(found)
    return book[: match.start()] + chance.choice(NUMBERS) + book[match.end() :]


def _truncate(book: bytes, chance: random.Random) -> bytes:
    return book[: chance.randrange(1, len(book))]


MUTATIONS = (
    _flip,
    _cut,
    _repeat,
    _splice,
    _swapped(NUMBER),
    _swapped(NAME),
    _swapped(OPERATOR),
    _number,
    _number,
    _truncate,
)
