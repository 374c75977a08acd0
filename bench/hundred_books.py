"""The course of a hundred books: the same rows, words and vectors whatever population is around it.

Its words are those of the sample book, drawn in Zipf proportion, each book in an order of its own;
keywords and vectors are written by Studium's own index. The vectors of the population's other
books are drawn around these, so that neighbours from other courses are in the way.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
import pypdfium2

from bench import population_rows as rows
from bench.population_draw import SEED, Draw, Kind, number, uid
from bench.population_rows import Book, Row
from studium.adapters.embedder import open_embedder
from studium.adapters.vectors import open_vectors
from studium.core.ports import IndexedPassage, Segment, Vectors
from studium.runtime.database import open_database
from studium.settings import Settings

FIRST = 5_000_000
"""Numbers from here on are these books', and no population's."""
STUDENTS, PASSAGES, WORDS, SEGMENT = 500, 100, 120, 25
"""Of the course, of a book, of a passage (words), of a segment (passages)."""
SCHOOL, COURSE = uid(Kind.SCHOOL, FIRST), uid(Kind.COURSE, FIRST)
SAMPLE = Path(__file__).parents[1] / "src" / "studium" / "sample" / "how-memory-learns.pdf"


def vocabulary() -> list[str]:
    """The distinct words of the sample book, the most frequent first."""
    pages = pypdfium2.PdfDocument(SAMPLE)
    text = " ".join(page.get_textpage().get_text_range() for page in pages).lower()
    found = Counter(re.findall(r"[a-z]{3,}", text))
    return sorted(found, key=lambda word: (-found[word], word))


def texts(books: int) -> list[str]:
    """Passage after passage."""
    chance = random.Random(SEED)
    words = vocabulary()
    shares = list(accumulate(1 / n for n in range(1, len(words) + 1)))
    found: list[str] = []
    for _ in range(books):
        order = words[:50] + chance.sample(words[50:], len(words) - 50)
        drawn = (chance.choices(order, cum_weights=shares, k=WORDS) for _ in range(PASSAGES))
        found.extend(map(" ".join, drawn))
    return found


def students(drawn: Draw) -> range:
    """Accounts: none of them owns a school."""
    return range(drawn.schools, drawn.schools + min(STUDENTS, drawn.accounts // 4))


def users(drawn: Draw) -> dict[str, tuple[str, Iterator[Row]]]:
    """Table → columns and rows."""
    school = SCHOOL.hex
    members = ((uid(Kind.ACCOUNT, n).hex, school, "student") for n in students(drawn))
    return {
        "public.organisations": ("id, name, personal", iter([(school, "A hundred books", "f")])),
        "public.memberships": ("account_id, organisation_id, role", members),
    }


def courses(drawn: Draw, books: int, words: Sequence[str]) -> dict[str, tuple[str, Iterator[Row]]]:
    """Table → columns and rows."""
    school, course, teacher = SCHOOL.hex, COURSE.hex, uid(Kind.ACCOUNT, 0).hex
    all_of = [
        Book(FIRST + n, f"{number(Kind.MATERIAL, FIRST + n):032x}", school, course, teacher)
        for n in range(books)
    ]
    enrolled = ((course, uid(Kind.ACCOUNT, n).hex, school, "student") for n in students(drawn))
    passages = (
        rows.passage(all_of[n // PASSAGES], FIRST * 10 + n, n % PASSAGES, text)
        for n, text in enumerate(words)
    )
    return {
        "courses.courses": (
            "id, organisation_id, title, created_by",
            iter([(course, school, "A hundred books", teacher)]),
        ),
        "courses.enrolments": ("course_id, account_id, organisation_id, role", enrolled),
        "library.materials": (rows.MATERIAL, (rows.material(book, PASSAGES) for book in all_of)),
        "library.passages": (rows.PASSAGE, passages),
    }


async def index(settings: Settings, words: Sequence[str]) -> Vectors:
    """Writes keywords and vectors as an ingest does; the vectors."""
    embedder = open_embedder("static:", settings.home / "models")
    database = open_database(settings.courses_db)
    written = open_vectors("pgvector:", database, embedder)
    try:
        vectors = await embedder.embed(words)
        for first in range(0, len(words), SEGMENT):
            number_of_book, position = divmod(first, PASSAGES)
            book = uid(Kind.MATERIAL, FIRST + number_of_book)
            segment = Segment(SCHOOL, COURSE, book, position // SEGMENT)
            ids = [uid(Kind.PASSAGE, FIRST * 10 + first + n) for n in range(SEGMENT)]
            here = words[first : first + SEGMENT]
            passages = [IndexedPassage(*each) for each in zip(ids, here, strict=True)]
            await written.put_keywords(segment, passages)
            await written.put_vectors(segment, ids, vectors[first : first + SEGMENT])
        return vectors
    finally:
        await database.close()
        await embedder.close()


def neighbours(drawn: Draw, vectors: Vectors) -> Iterator[Row]:
    """A vector for one in three of the population's books, near one of these."""
    chance = np.random.default_rng(SEED)
    for book in rows.every_third(drawn):
        near = vectors[chance.integers(len(vectors))]
        drifted = near + chance.normal(0, 0.03, near.shape)
        literal = ",".join(map("%.4g".__mod__, drifted / np.linalg.norm(drifted)))
        yield (
            f"{number(Kind.PASSAGE, book.n * rows.SECTIONS):032x}",
            *(book.school, book.course, book.id, "0", f"[{literal}]"),
        )


def questions(many: int) -> list[str]:
    """Three words of middling frequency each."""
    chance = random.Random(SEED + 1)
    words = vocabulary()[50:1000]
    return [" ".join(chance.sample(words, 3)) for _ in range(many)]
