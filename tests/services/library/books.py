"""Small books made on the spot, and how a person uploads one."""

from functools import cache
from typing import TYPE_CHECKING, Any

import typst

if TYPE_CHECKING:
    from tests.services.conftest import Person

TINY = """
#set document(title: "A Tiny Book of Memory", date: none)
#set page(width: 140mm, height: 200mm, numbering: "1")
#set heading(numbering: "1.1")
= Forgetting
The forgetting curve is a graph that shows how much of a learned list is left after some time.
Hermann Ebbinghaus measured it on himself in 1885 with lists of syllables that have no meaning.
Retention falls steeply in the first hour and slowly after the first day.
#pagebreak()
= Practice
Retrieval practice is the act of calling a fact to mind without looking at it.
Spaced repetition means that a fact is met again after growing intervals of time.
Learners who test themselves keep more of a text after a week than learners who read it twice.
"""


@cache
def tiny_book(extra: str = "") -> bytes:
    """Two pages, two chapters with an outline; `extra` makes it another file."""
    return bytes(typst.compile((TINY + extra).encode(), format="pdf"))


async def upload(
    person: "Person", course_id: str, content: bytes, name: str = "tiny.pdf", *, check: bool = True
) -> Any:
    files = {"file": (name, content, "application/pdf")}
    answer = await person.api.post(f"/v1/courses/{course_id}/materials", files=files)
    if check:
        assert answer.status_code in {200, 202}, answer.text
    return answer


async def upload_tiny_book(person: "Person", course_id: str, *, check: bool = True) -> Any:
    return await upload(person, course_id, tiny_book(), check=check)
