"""Text as people and quotes see it: sentences, and equality that typography does not disturb."""

import re
import unicodedata

BLANK = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Inside of a character class: Unicode's White_Space, said so that every dialect of patterns (JSON
Schema's, Rust's, Python's) means the same characters.
"""
A_WORD = rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"
"""Not blank, and without NUL, which PostgreSQL's text cannot hold."""
_DROPPED = dict.fromkeys(map(ord, "\u00ad\u0002\u200b\u200c\u200d\u2060\ufeff"))
_FOLDED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-"})

_END = re.compile(
    r"""(?P<cjk>[。！？][”’」』）]*)
      | (?P<latin>[.!?…]+["'”’)\]]*)(?=\s+["'“‘(\[]?[A-Z0-9ÄÖÜÉÀ\u4e00-\u9fff]|\s*$)
      | (?P<paragraph>\n[ \t]*\n)""",
    re.VERBOSE,
)
_ABBREVIATIONS = frozenset(
    """al approx art assoc bros ca cap cf ch chap co corp dept diss dr ed eds e.g eq eqs esp est
    etc ex fig figs gen hon i.e inc incl jr lit ltd messrs mr mrs ms no nos op p par pp prof pt
    ref refs resp rev sec sect sects sr st trans univ viz vol vols vs""".split()
)
_LAST_WORD = re.compile(r"([\w.]+)$")
_INITIAL = re.compile(r"(?:^|[\s(.])[A-Z]$")


def fold(text: str) -> str:
    """Compatibility forms, soft hyphens, quotation marks, dashes and white space made alike."""
    folded = unicodedata.normalize("NFKC", text.translate(_DROPPED)).translate(_FOLDED)
    return " ".join(folded.split())


def stands_in(quote: str, text: str) -> bool:
    """Whether the text holds the quote, typography aside. An empty quote stands nowhere."""
    folded = fold(quote)
    return bool(folded) and folded in fold(text)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of the sentences, in order, white space around them left out."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if match.lastgroup == "latin" and _goes_on(text, match.start("latin"), match["latin"]):
            continue
        _add(spans, text, start, match.end())
        start = match.end()
    _add(spans, text, start, len(text))
    return spans


def _goes_on(text: str, dot: int, mark: str) -> bool:
    """A full stop that ends an abbreviation, an initial or a number of a list, not a sentence."""
    if not mark.startswith(".") or mark.startswith("..."):
        return False
    before = text[max(0, dot - 24) : dot]
    if _INITIAL.search(before):
        return True
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    if word[1].lower() in _ABBREVIATIONS:
        return True
    return word[1].isdigit() and text[:dot].strip() == word[1]


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if stripped := piece.strip():
        begin = start + piece.index(stripped[0])
        spans.append((begin, begin + len(stripped)))
