"""Who is where in a population: drawn from a seed, the same on every machine.

Sizes are in Zipf proportion: the n-th largest school has 1/n of the largest's people and courses,
the n-th best-attended course of a school 1/n of its best's, and most students have one course.
"""

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from uuid import UUID

SEED = 20_261_124
ACCOUNTS_PER_SCHOOL, ACCOUNTS_PER_COURSE = 100, 10
MOST_COURSES, MOST_BOOKS = 20, 100
"""Of a student, of a course."""
_EPOCH_MS, _STEP_MS = 1_704_067_200_000, 60_000
_RANDOM_BITS = (1 << 62) - 1


class Kind(IntEnum):
    ACCOUNT = 1
    PERSONAL = 2
    SCHOOL = 3
    COURSE = 4
    MATERIAL = 5
    PASSAGE = 6
    NOTE = 7
    FAMILY = 8
    EVENT = 9
    DELIVERY = 10


def number(kind: Kind, n: int) -> int:
    """A UUID version 7 (RFC 9562 section 5.7), one a minute: in order, as real ones are."""
    noise = (n * 0x9E3779B97F4A7C15 + kind * 0xD1B54A32D192ED03) & _RANDOM_BITS
    return (_EPOCH_MS + n * _STEP_MS) << 80 | 7 << 76 | kind << 64 | 2 << 62 | noise


def uid(kind: Kind, n: int) -> UUID:
    return UUID(int=number(kind, n))


def email(account: int) -> str:
    """In no order, as people's names are: the index on them grows everywhere."""
    return f"{(account * 2_654_435_761) & 0xFFFFFFFF:08x}.{account}@school.test"


@dataclass(frozen=True, slots=True)
class Draw:
    accounts: int
    schools: int
    school_of: Sequence[int]
    """Of an account. The first accounts own the school of their number."""
    courses: Sequence[int]
    """Their schools."""
    teachers: Sequence[int]
    """Of a course: the account that made it."""
    books: Sequence[int]
    """Of a course: how many."""
    students: Sequence[int]
    attended: Sequence[int]
    """Side by side: an account and a course that it is enrolled in, in the order of accounts."""


def draw(accounts: int) -> Draw:
    chance = random.Random(SEED)
    schools = max(1, accounts // ACCOUNTS_PER_SCHOOL)
    shares = _zipf(schools)
    school_of = array("I", range(schools))
    school_of.extend(
        chance.choices(range(schools), cum_weights=shares, k=accounts - schools),
    )
    courses = array(
        "I", chance.choices(range(schools), cum_weights=shares, k=accounts // ACCOUNTS_PER_COURSE)
    )
    people, offered = _gathered(schools, school_of), _gathered(schools, courses)
    teachers = array("I", (chance.choice(people[school]) for school in courses))
    books = array(
        "I",
        chance.choices(range(1, MOST_BOOKS + 1), cum_weights=_zipf(MOST_BOOKS, 2), k=len(courses)),
    )
    students, attended = _enrolled(chance, school_of, offered, schools)
    return Draw(accounts, schools, school_of, courses, teachers, books, students, attended)


def _zipf(most: int, exponent: float = 1) -> list[float]:
    return list(accumulate(n**-exponent for n in range(1, most + 1)))


def _gathered(schools: int, places: Sequence[int]) -> list["array[int]"]:
    found = [array("I") for _ in range(schools)]
    for n, school in enumerate(places):
        found[school].append(n)
    return found


def _enrolled(
    chance: random.Random, school_of: Sequence[int], offered: list["array[int]"], schools: int
) -> tuple["array[int]", "array[int]"]:
    """Owners see every course of their school without being enrolled."""
    students, attended = array("I"), array("I")
    shares = [_zipf(len(courses)) for courses in offered]
    many = chance.choices(
        range(1, MOST_COURSES + 1), cum_weights=_zipf(MOST_COURSES, 1.5), k=len(school_of)
    )
    for account in range(schools, len(school_of)):
        school = school_of[account]
        if offered[school]:
            found = chance.choices(offered[school], cum_weights=shares[school], k=many[account])
            distinct = sorted(set(found))
            students.extend([account] * len(distinct))
            attended.extend(distinct)
    return students, attended
