"""Search over the API; how the index ranks is in tests/ports/test_vectors.py."""

import pytest

from tests.services.conftest import Person


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=" + "x" * 501, "?q=a&mode=magic", "?q=a&limit=51"]
)
async def test_a_bad_question_says_what_is_wrong(ada: Person, query: str) -> None:
    course = await ada.course()
    answer = await ada.api.get(f"/v1/courses/{course['id']}/search{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"q", "mode", "limit"}
