"""People of a population, drawn for what they ask."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from bench import hundred_books
from bench.population_draw import SEED, Draw, Kind, uid
from bench.population_rows import first_books, secret
from studium.core.identity import Principal, Role
from studium.services.auth.sessions import RefreshToken

COURSES = 2
"""Of each student that is drawn: their answers are equally long in every population."""


@dataclass(frozen=True, slots=True)
class Student:
    account: int
    courses: tuple[int, ...]
    principal: Principal

    def refresh_cookie(self) -> str:
        family = uid(Kind.FAMILY, self.account)
        return RefreshToken(self.principal.account_id, family, secret(self.account)).encode()


@dataclass
class People:
    """Students in an order that a seed makes."""

    drawn: Draw
    books: list[int] = field(init=False)
    """The first book of each course."""

    def __post_init__(self) -> None:
        self.books = first_books(self.drawn)

    def book(self, course: int) -> UUID:
        return uid(Kind.MATERIAL, self.books[course])

    def readers_of_a_hundred(self) -> Iterator[Principal]:
        """The students of the course of a hundred books."""
        for account in hundred_books.students(self.drawn):
            known = self.principal(account)
            schools = {**known.organisations, hundred_books.SCHOOL: Role.STUDENT}
            yield Principal(known.account_id, schools)

    def students(self) -> Iterator[Student]:
        """Each once."""
        for account, courses in self._shuffled:
            yield Student(account, courses, self.principal(account))

    def anybody(self) -> Iterator[Student]:
        """Each account once, but owners of schools; without their courses."""
        accounts = range(self.drawn.schools, self.drawn.accounts)
        for account in random.Random(SEED).sample(accounts, len(accounts)):
            yield Student(account, (), self.principal(account))

    @cached_property
    def _shuffled(self) -> list[tuple[int, tuple[int, ...]]]:
        teachers = set(self.drawn.teachers)
        pairs = zip(self.drawn.students, self.drawn.attended, strict=True)
        found = [
            (account, tuple(course for _, course in courses))
            for account, courses in groupby(pairs, key=itemgetter(0))
            if account not in teachers
        ]
        found = [each for each in found if len(each[1]) == COURSES]
        random.Random(SEED).shuffle(found)
        return found

    def principal(self, account: int) -> Principal:
        personal, school = (
            uid(Kind.PERSONAL, account),
            uid(Kind.SCHOOL, self.drawn.school_of[account]),
        )
        return Principal(uid(Kind.ACCOUNT, account), {personal: Role.OWNER, school: Role.STUDENT})
