"""The calls of `bench/growth.py`, written out once so that the client costs next to nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlencode

from bench import hundred_books
from bench.population_draw import Kind, email, uid
from bench.population_people import People, Student
from bench.population_rows import PASSWORD
from studium.core.identity import Principal
from studium.runtime.tokens import SigningKey


@dataclass(slots=True)
class Asking:
    """Callers of one population, each once."""

    people: People
    key: SigningKey
    callers: dict[str, Iterator[Student]] = field(default_factory=dict)
    """Of each call: the same people in the same order."""
    questions: Iterator[str] = field(init=False)
    readers: Iterator[Principal] = field(init=False)

    def __post_init__(self) -> None:
        self.questions = cycle(hundred_books.questions(1000))
        self.readers = cycle(self.people.readers_of_a_hundred())

    def next(self, name: str) -> bytes:
        return CALLS[name](self, name)

    def log_in(self, call: str) -> bytes:
        wish = {"email": email(self._anybody(call).account), "password": PASSWORD}
        return _request("POST", "/v1/auth/login", body=json.dumps(wish))

    def refresh(self, call: str) -> bytes:
        cookie = self._anybody(call).refresh_cookie()
        return _request("POST", "/v1/auth/refresh", f"Cookie: studium_refresh={cookie}")

    def me(self, call: str) -> bytes:
        return self._get(self._anybody(call).principal, "/v1/auth/me")

    def courses(self, call: str) -> bytes:
        return self._get(self._student(call).principal, "/v1/courses")

    def course(self, call: str) -> bytes:
        student = self._student(call)
        return self._get(student.principal, f"/v1/courses/{uid(Kind.COURSE, student.courses[0])}")

    def notes(self, call: str) -> bytes:
        student = self._student(call)
        book = self.people.book(student.courses[0])
        return self._get(student.principal, f"/v1/materials/{book}/notes")

    def search(self, _call: str) -> bytes:
        asked = urlencode({"q": next(self.questions)})
        path = f"/v1/courses/{hundred_books.COURSE}/search?{asked}"
        return self._get(next(self.readers), path)

    def _student(self, call: str) -> Student:
        return next(self.callers.setdefault(call, cycle(self.people.students())))

    def _anybody(self, call: str) -> Student:
        return next(self.callers.setdefault(call, self.people.anybody()))

    def _get(self, principal: Principal, path: str) -> bytes:
        return _request("GET", path, f"Authorization: Bearer {self.key.sign(principal)}")


CALLS: dict[str, Callable[[Asking, str], bytes]] = {
    "log in, without hashing": Asking.log_in,
    "refresh": Asking.refresh,
    "me": Asking.me,
    "my courses": Asking.courses,
    "one course": Asking.course,
    "notes of a book": Asking.notes,
    "search in 100 books": Asking.search,
}


def _request(method: str, path: str, *headers: str, body: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", "Accept: application/json", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
