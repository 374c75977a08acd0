"""Text to keyword terms, the same for every engine: stemmed, hashed once to 32 bits.

BM25 over these terms is what `ts_rank` is not: it knows how rare a word is in the course
(Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009).
"""

import re
import threading
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Any
from zlib import crc32

import snowballstemmer

from studium.core.ports import Postings

K1, B = 1.2, 0.75

_STOP = frozenset(
    """a about after all also an and any are as at be because been but by can could did do does for
    from had has have he her his how i if in into is it its just like may me more most my no not
    of on one only or other our out over she should so some such than that the their them then
    there these they this those through to too under up us very was we were what when where
    which while who why will with would you your""".split()
)
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W_]+)?")
_FIRST_CJK, _ONE_CJK = "\u3040", re.compile(f"[{_CJK}]")
_LOCAL = threading.local()


def words(text: str) -> list[str]:
    """Stemmed words in order, without stop words; runs of CJK characters as bigrams."""
    folded = unicodedata.normalize("NFKC", text).lower()
    found: list[str] = []
    for match in _WORD.finditer(folded):
        word = match.group()
        if _is_cjk(word[0]):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        elif word not in _STOP:
            found.append(stem(word))
    return found


def _is_cjk(character: str) -> bool:
    return character >= _FIRST_CJK and _ONE_CJK.match(character) is not None


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Without what follows an apostrophe."""
    root = re.split("['’]", word, maxsplit=1)[0]
    return str(_stemmer().stemWord(root))


def _stemmer() -> Any:
    """One a thread: a stemmer keeps the word it works on in itself."""
    if not hasattr(_LOCAL, "stemmer"):
        _LOCAL.stemmer = snowballstemmer.stemmer("english")
    return _LOCAL.stemmer


def term(word: str) -> int:
    """A signed 32-bit number, as PostgreSQL's integer is one."""
    value = crc32(word.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def postings(text: str) -> Postings:
    found = words(text)
    return Postings({term(word): count for word, count in Counter(found).items()}, len(found))


def query_terms(text: str) -> list[int]:
    return sorted({term(word) for word in words(text)})
