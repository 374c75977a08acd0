"""A few hundred mutants in every run; `make fuzz` does twenty thousand."""

import pytest

from tests.hostile.fuzz import outcome, outcomes
from tests.hostile.mutations import mutant
from tests.hostile.pdf import written

RUNS = 400


@pytest.mark.timeout(300)
def test_no_mutant_brings_forth_an_untrue_answer() -> None:
    found = dict(outcomes(range(1, RUNS + 1)))
    assert len(found) == RUNS
    assert not {
        seed: what for seed, what in found.items() if what not in {"read", "refused", "died"}
    }
    assert sum(what == "read" for what in found.values()) > RUNS / 4, "the mutants are too broken"


def test_a_mutant_is_the_same_for_the_same_seed() -> None:
    assert mutant(7) == mutant(7) != mutant(8)


def test_what_the_fuzzer_calls_read_refused_and_died(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(written()) == "read"
    assert outcome(b"%PDF-1.7 nothing") == "refused"
    monkeypatch.setattr("tests.hostile.fuzz.answered", lambda _content: bytearray(8 << 30))
    assert outcome(written()) == "died"
