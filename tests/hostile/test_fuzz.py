"""A few hundred mutants in every run; `make fuzz` does twenty thousand."""

from pathlib import Path

import pytest

from tests.hostile import test_corpus
from tests.hostile.fuzz import assert_sound, outcome, outcomes, prepare
from tests.hostile.mutations import mutant
from tests.hostile.pdf import written

RUNS = 400
THROUGH_THE_PARENT = 40


@pytest.fixture(autouse=True)
def _prepared() -> None:
    prepare()


@pytest.mark.timeout(300)
def test_no_mutant_brings_forth_an_untrue_answer() -> None:
    found = dict(outcomes(range(1, RUNS + 1)))
    assert len(found) == RUNS
    assert not {
        seed: what for seed, what in found.items() if what not in {"read", "refused", "died"}
    }
    assert sum(what == "read" for what in found.values()) > RUNS / 4, "the mutants are too broken"


@pytest.mark.timeout(300)
async def test_the_parent_of_a_mutant_knows_pages_and_refusals_only(tmp_path: Path) -> None:
    """As the worker reads a book: any other exception ends this test."""
    path = tmp_path / "book.pdf"
    read = 0
    for seed in range(1, THROUGH_THE_PARENT + 1):
        path.write_bytes(mutant(seed))
        found = await test_corpus.outcome(path)
        if isinstance(found, str):
            assert any(word in found for word in test_corpus.ADVICE), (seed, found)
            continue
        assert [page.number for page in found] == list(range(1, len(found) + 1)), seed
        read += 1
    assert read > THROUGH_THE_PARENT / 4, "the mutants are too broken"


@pytest.mark.timeout(120)
def test_what_is_not_broken_is_read() -> None:
    assert_sound()


def test_a_mutant_is_the_same_for_the_same_seed() -> None:
    assert mutant(7) == mutant(7) != mutant(8)


def test_what_the_fuzzer_calls_read_refused_and_died(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(written()) == "read"
    assert outcome(b"%PDF-1.7 nothing") == "refused"
    monkeypatch.setattr("tests.hostile.fuzz.answered", lambda _content: bytearray(8 << 30))
    assert outcome(written()) == "died"
