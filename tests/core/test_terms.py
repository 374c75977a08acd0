"""Keyword terms: the same for every engine and every thread."""

from concurrent.futures import ThreadPoolExecutor

from studium.core.terms import postings, query_terms, stem, term, words


def test_words_are_folded_stemmed_and_without_stop_words() -> None:
    assert words("The Retrievals of memories, retrieved!") == ["retriev", "memori", "retriev"]


def test_chinese_runs_become_bigrams() -> None:
    assert words("遗忘曲线 is steep") == ["遗忘", "忘曲", "曲线", "steep"]


def test_a_term_is_a_signed_32_bit_number() -> None:
    assert all(-(2**31) <= term(word) < 2**31 for word in ("a", "memory", "曲线", "x" * 500))
    assert term("memory") == term("memory") != term("memories")


def test_postings_count_terms_and_length() -> None:
    found = postings("memory fades, memory returns")
    assert found.length == 4
    assert found.terms[term("memori")] == 2
    assert set(query_terms("Memory")) <= set(found.terms)


def test_threads_do_not_disturb_each_other() -> None:
    """The stemmer keeps its word in itself: shared, it raised IndexError under load."""
    made = [f"{one}{two}ations" for one in "abcdefghij" for two in "klmnopqrst"] * 20
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(stem.__wrapped__, made))
    assert together == [stem.__wrapped__(word) for word in made]
