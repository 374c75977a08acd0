"""Notes by a model: quotes are looked for, and what stands nowhere is dropped."""

from typing import Any

from studium.services.notes import citations
from studium.services.notes.model_writer import (
    CHARACTERS_A_CALL,
    ModelWriter,
    WrittenNotes,
    WrittenPoint,
    WrittenTerm,
)
from tests.services.notes.test_offline import PROSE, source


class Scripted:
    """Answers the same notes to every call, and remembers the prompts."""

    name = "scripted"

    def __init__(self, notes: WrittenNotes) -> None:
        self.notes = notes
        self.prompts: list[str] = []

    async def answer(self, _instructions: str, prompt: str, _schema: Any) -> Any:
        self.prompts.append(prompt)
        return self.notes

    async def close(self) -> None:
        """Nothing to close."""


TRUE = "Retention falls steeply in the first hour"
FALSE = "Retention rises steeply in the first hour"
NOTES = WrittenNotes(
    summary="Forgetting is fast at first.",
    points=[
        WrittenPoint(text="Forgetting is fast at first.", quotes=[TRUE]),
        WrittenPoint(text="Memory grows by itself.", quotes=[FALSE]),
    ],
    key_terms=[WrittenTerm(term="Curve", definition="A graph.", quote=TRUE)],
)


async def test_a_quote_is_cited_with_its_page_and_passage() -> None:
    section = source(("prose", PROSE))
    draft = await ModelWriter(Scripted(NOTES)).write(section)
    cited = draft.points[0].citations[0]
    assert (cited.page, cited.quote, cited.passage_id) == (1, TRUE, section.passages[0].id)


async def test_what_the_page_does_not_say_is_dropped_and_counted() -> None:
    draft = await ModelWriter(Scripted(NOTES)).write(source(("prose", PROSE)))
    checked, dropped = citations.check(draft, {1: PROSE})
    assert [point.text for point in checked.points] == ["Forgetting is fast at first."]
    assert dropped == 1


async def test_a_long_section_is_asked_for_in_parts() -> None:
    block = ("prose", PROSE * (CHARACTERS_A_CALL // len(PROSE)))
    model = Scripted(NOTES)
    await ModelWriter(model).write(source(block, block, block))  # type: ignore[arg-type]
    assert len(model.prompts) == 3
    assert all("[page 1]" in prompt for prompt in model.prompts)
