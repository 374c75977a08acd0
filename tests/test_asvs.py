"""OWASP ASVS 5.0, levels 1 and 2: every requirement has a row, and every row says the truth.

What the standard asks is there in our own words; its text is CC BY-SA 4.0 and is not copied.
"""

import hashlib
import re
from collections import Counter

import pytest

from scripts.asvs import CHAPTERS, DOCS, PLACE, STATES, Row, rows, table
from tests.named import exists

ROWS = rows()
LEVELS = {1: 70, 2: 183}
PER_CHAPTER = dict(
    enumerate((27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7), start=1)
)
NUMBERS = "c221cc01ef8fef1236787852eaaffe3e41baaa66b99534975cf9ccc3f62e5b4a"
"""SHA-256 of the lines `id level` of the standard, in its order."""
MET = [row for row in ROWS if row.state == "met"]
A_NAME = re.compile(r"[\w.-]+(/[\w.-]+)*(::test_\w+)?")


def test_every_requirement_has_one_row() -> None:
    assert Counter(row.level for row in ROWS) == LEVELS
    assert Counter(row.chapter for row in ROWS) == PER_CHAPTER
    assert len({row.id for row in ROWS}) == 253
    told = "".join(f"{row.id} {row.level}\n" for row in ROWS)
    assert hashlib.sha256(told.encode()).hexdigest() == NUMBERS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_what_is_asked_and_where_we_stand(row: Row) -> None:
    assert row.state in STATES
    assert 0 < len(row.asks) < 80
    assert row.shown.strip()


@pytest.mark.parametrize("row", MET, ids=lambda row: row.id)
def test_what_is_met_is_shown_by_what_exists(row: Row) -> None:
    for name in row.shown.split():
        assert A_NAME.fullmatch(name), name
        assert exists(name), f"{name} does not exist"


def test_most_of_what_is_met_is_shown_by_a_test() -> None:
    shown = [row for row in MET if "::test_" in row.shown or ".test.ts" in row.shown]
    assert len(shown) >= len(MET) * 0.75


@pytest.mark.parametrize("row", [row for row in ROWS if row.state != "met"], ids=lambda row: row.id)
def test_what_is_not_met_has_a_reason(row: Row) -> None:
    assert row.shown.endswith((".", ")."))
    if row.state == "open":
        assert re.search(r"\b(Issue \d|No issue yet)\b", row.shown)


def test_the_page_shows_the_table() -> None:
    page = (DOCS / "security.md").read_text()
    assert set(CHAPTERS) == set(PER_CHAPTER)
    assert PLACE.findall(page) == [table(ROWS)], "run scripts/asvs.py"
