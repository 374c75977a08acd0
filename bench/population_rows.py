"""The rows of a population, a table each, as lines for COPY.

What is scaled down, so that a million accounts fit on a laptop: a book has three sections, pages
and passages of a line each and five terms, and one book in three has a vector. What is not: how
many accounts, memberships, sessions, courses, enrolments and books there are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, islice

from bench.population_draw import Draw, Kind, email, number

Row = tuple[str, ...]
SECTIONS = 3
TERMS = 5
"""Postings of a book."""
EVER = "2100-01-01"
PASSWORD = "correct horse battery"
# Costs next to nothing to check, so that a log-in is measured without its hashing.
PASSWORD_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$c3R1ZGl1bS1iZW5jaC1zYWx0"
    "$cTNnJqJcZGxbmLFhZ4lZDKDZLCgAxcP2F3Meojs5KqI"
)
LINE = (
    "What is learned once is forgotten along a curve, and what is recalled in time is kept longer"
    " than what is only read again; so a course asks before it tells."
)


def secret(account: int) -> bytes:
    """Of the refresh token that this account has at first."""
    return sha256(b"refresh %d" % account).digest()


def _id(kind: Kind, n: int) -> str:
    return f"{number(kind, n):032x}"


@dataclass(frozen=True, slots=True)
class Rows:
    columns: str
    of: Callable[[Draw], Iterator[Row]]


def _accounts(drawn: Draw) -> Iterator[Row]:
    for n in range(drawn.accounts):
        yield _id(Kind.ACCOUNT, n), email(n), f"Person {n}"


def _credentials(drawn: Draw) -> Iterator[Row]:
    for n in range(drawn.accounts):
        yield _id(Kind.ACCOUNT, n), PASSWORD_HASH


def _organisations(drawn: Draw) -> Iterator[Row]:
    for n in range(drawn.accounts):
        yield _id(Kind.PERSONAL, n), f"Person {n}", "t"
    for n in range(drawn.schools):
        yield _id(Kind.SCHOOL, n), f"School {n}", "f"


def _memberships(drawn: Draw) -> Iterator[Row]:
    teachers = set(drawn.teachers)
    for n, school in enumerate(drawn.school_of):
        role = "owner" if n < drawn.schools else "teacher" if n in teachers else "student"
        account = _id(Kind.ACCOUNT, n)
        yield account, _id(Kind.PERSONAL, n), "owner"
        yield account, _id(Kind.SCHOOL, school), role


def _families(drawn: Draw) -> Iterator[Row]:
    for n in range(drawn.accounts):
        digest = sha256(secret(n)).hexdigest()
        yield _id(Kind.FAMILY, n), _id(Kind.ACCOUNT, n), f"\\\\x{digest}", EVER


USERS = {
    "public.accounts": Rows("id, email, name", _accounts),
    "public.credentials": Rows("account_id, password_hash", _credentials),
    "public.organisations": Rows("id, name, personal", _organisations),
    "public.memberships": Rows("account_id, organisation_id, role", _memberships),
    "public.refresh_families": Rows("id, account_id, current_hash, expires_at", _families),
}


# ── courses ───────────────────────────────────────────────────────────────────────────────────
def _courses(drawn: Draw) -> Iterator[Row]:
    for n, school in enumerate(drawn.courses):
        teacher = _id(Kind.ACCOUNT, drawn.teachers[n])
        yield _id(Kind.COURSE, n), _id(Kind.SCHOOL, school), f"Course {n}", LINE, teacher


def _enrolments(drawn: Draw) -> Iterator[Row]:
    for account, course in zip(drawn.students, drawn.attended, strict=True):
        teaches = drawn.teachers[course] == account
        yield (
            *(_id(Kind.COURSE, course), _id(Kind.ACCOUNT, account)),
            *(_id(Kind.SCHOOL, drawn.courses[course]), "teacher" if teaches else "student"),
        )


def _invitations(drawn: Draw) -> Iterator[Row]:
    for n, school in enumerate(drawn.courses):
        teacher = _id(Kind.ACCOUNT, drawn.teachers[n])
        yield f"CODE{n:08d}", _id(Kind.SCHOOL, school), _id(Kind.COURSE, n), teacher, EVER


@dataclass(frozen=True, slots=True)
class Book:
    n: int
    id: str
    school: str
    course: str
    teacher: str


def first_books(drawn: Draw) -> list[int]:
    """The number of the first book of each course."""
    return [0, *accumulate(drawn.books)]


def _each_book(drawn: Draw) -> Iterator[Book]:
    n = 0
    for course, many in enumerate(drawn.books):
        ids = (
            _id(Kind.SCHOOL, drawn.courses[course]),
            _id(Kind.COURSE, course),
            _id(Kind.ACCOUNT, drawn.teachers[course]),
        )
        for _ in range(many):
            yield Book(n, _id(Kind.MATERIAL, n), *ids)
            n += 1


def every_third(drawn: Draw) -> Iterator[Book]:
    return islice(_each_book(drawn), 0, None, 3)


def _materials(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        yield material(book, SECTIONS)


def material(book: Book, passages: int) -> Row:
    counted = (str(passages),) * 2
    return (
        *(book.id, book.school, book.course, book.teacher, f"Book {book.n}", "book.pdf"),
        *("1000000", f"\\\\x{book.n:064x}", f"{book.school}/{book.id}/book.pdf"),
        *("ready", "done", "en", str(SECTIONS), str(SECTIONS), "1", "1", "1", *counted),
    )


def _ranges(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        yield book.id, book.school, "0", "1", str(SECTIONS), EVER, EVER


def sections(book: Book) -> Iterator[Row]:
    for n in range(SECTIONS):
        page = str(n + 1)
        yield book.id, book.school, str(n), f"Chapter {n}", "{}", "1", "body", page, page, EVER


def _sections(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        yield from sections(book)


def _pages(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        for n in range(SECTIONS):
            yield book.id, book.school, str(n + 1), LINE, f'[[0, {len(LINE)}, "text"]]'


def passage(book: Book, n: int, position: int, text: str) -> Row:
    page = str(position + 1)
    return (
        *(_id(Kind.PASSAGE, n), book.id, book.school, book.course, "0"),
        *(str(position), str(position), page, page, "0", str(len(text)), text, "\\\\x00"),
    )


def _passages(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        for position in range(SECTIONS):
            yield passage(book, book.n * SECTIONS + position, position, LINE)


def note_set(book: Book) -> Row:
    many = (str(SECTIONS),) * 2
    return (
        *(book.id, book.school, book.course, book.teacher, "1", f"Book {book.n}"),
        *("extracted, no AI model", "en", "ready", "t", "t", *many),
    )


def note_sections(book: Book) -> Iterator[Row]:
    for n in range(SECTIONS):
        page = str(n + 1)
        yield (
            *(_id(Kind.NOTE, book.n * SECTIONS + n), book.id, book.school, str(n)),
            *(f"Chapter {n}", "{}", "1", page, page, "ready", LINE, LINE),
            "".join(f"<p>{LINE}</p>" for _ in range(3)),
        )


def _note_sets(drawn: Draw) -> Iterator[Row]:
    return map(note_set, _each_book(drawn))


def _note_sections(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        yield from note_sections(book)


def _segments(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        yield book.school, book.course, book.id, "0", str(SECTIONS), str(SECTIONS * 20)


def _postings(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        for n in range(TERMS):
            term = (book.n * TERMS + n) * 2_654_435_761 % 20_000
            ids = f"{{{_id(Kind.PASSAGE, book.n * SECTIONS)}}}"
            yield book.school, book.course, book.id, "0", str(term), ids, "{1}", "{20}"


# ── what happened ─────────────────────────────────────────────────────────────────────────────
def _events(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        fact = f'{{"material_id": "{book.id}", "title": "Book {book.n}"}}'
        yield _id(Kind.EVENT, book.n), "MaterialIndexed", book.school, EVER, fact


def _deliveries(drawn: Draw) -> Iterator[Row]:
    for book in _each_book(drawn):
        for n, group in enumerate(("notes", "realtime")):
            state = "dead" if book.n % 5_000 == 0 else "done"
            yield (
                *(_id(Kind.DELIVERY, book.n * 2 + n), _id(Kind.EVENT, book.n), group),
                *(book.school, state, "1", "1"),
            )


def _uploads(drawn: Draw) -> Iterator[Row]:
    """On their way now: one of a thousand accounts."""
    for n in range(max(1, drawn.accounts // 1000)):
        yield _id(Kind.MATERIAL, 20_000_000 + n), _id(Kind.SCHOOL, n % drawn.schools)


def _resumable_uploads(drawn: Draw) -> Iterator[Row]:
    """As many."""
    for n in range(max(1, drawn.accounts // 1000)):
        school = n % drawn.schools
        yield (
            *(_id(Kind.MATERIAL, 30_000_000 + n), _id(Kind.SCHOOL, school)),
            *(_id(Kind.COURSE, n), _id(Kind.ACCOUNT, school), "filename Ym9vaw==", "1000000"),
        )


def _counters(drawn: Draw) -> Iterator[Row]:
    for n in range(drawn.accounts):
        yield _id(Kind.ACCOUNT, n), "1"


def _notifications(drawn: Draw) -> Iterator[Row]:
    for n, school in enumerate(drawn.school_of):
        about = _id(Kind.SCHOOL, school), _id(Kind.EVENT, n), "notes.ready"
        places = _id(Kind.COURSE, 0), _id(Kind.MATERIAL, 0)
        yield _id(Kind.ACCOUNT, n), "1", *about, *places, "Book", "Your AI Notes are ready!"


MATERIAL = (
    "id, organisation_id, course_id, uploaded_by, title, file_name, bytes, sha256, object_key,"
    " status, stage, language, pages_total, pages_read, ranges_total, ranges_read, ranges_indexed,"
    " passages_total, passages_indexed"
)
SECTION = (
    "material_id, organisation_id, index, heading, path, level, kind, first_page, last_page,"
    " read_at"
)
PASSAGE = (
    "id, material_id, organisation_id, course_id, range_number, section, position, page_from,"
    " page_to, start_offset, end_offset, text, content_hash"
)
NOTE_SET = (
    "material_id, organisation_id, course_id, uploaded_by, version, title, generator, language,"
    " status, published, indexed, total, written"
)
NOTE_SECTION = (
    "id, material_id, organisation_id, index, heading, path, level, first_page, last_page, status,"
    " summary, markdown, html"
)
POSTINGS = (
    "organisation_id, course_id, material_id, segment, term, passage_ids, frequencies, lengths"
)
COURSES = {
    "courses.courses": Rows("id, organisation_id, title, description, created_by", _courses),
    "courses.enrolments": Rows("course_id, account_id, organisation_id, role", _enrolments),
    "courses.invitations": Rows(
        "code, organisation_id, course_id, created_by, expires_at", _invitations
    ),
    "library.materials": Rows(MATERIAL, _materials),
    "library.ranges": Rows(
        "material_id, organisation_id, number, first_page, last_page, read_at, indexed_at", _ranges
    ),
    "library.sections": Rows(SECTION, _sections),
    "library.pages": Rows("material_id, organisation_id, number, text, blocks", _pages),
    "library.passages": Rows(PASSAGE, _passages),
    "library.uploads": Rows("id, organisation_id", _uploads),
    "library.resumable_uploads": Rows(
        "id, organisation_id, course_id, uploaded_by, described, length", _resumable_uploads
    ),
    "notes.note_sets": Rows(NOTE_SET, _note_sets),
    "notes.sections": Rows(NOTE_SECTION, _note_sections),
    "vectors.segments": Rows(
        "organisation_id, course_id, material_id, segment, passages, tokens", _segments
    ),
    "vectors.postings": Rows(POSTINGS, _postings),
    "events.events": Rows("id, type, organisation_id, occurred_at, payload", _events),
    "events.deliveries": Rows(
        "id, event_id, group_name, organisation_id, state, attempt, sends", _deliveries
    ),
    "realtime.counters": Rows("account_id, last", _counters),
    "realtime.notifications": Rows(
        "account_id, seq, organisation_id, event_id, type, course_id, material_id, title, message",
        _notifications,
    ),
}
