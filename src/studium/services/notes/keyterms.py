"""Sentences that define a term, and the term."""

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z][\w'’-]*(?:[ -](?!is\b|are\b|was\b)[\w'’-]+){0,4}"
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"^(?:The|A|An)\s+(?P<term>{_NAME}?)(?:\s*\([^)]*\))?\s+(?:is|are)\s+(?:the(?!\s+(?:same|most|only|best|usual|default))|a|an|any|one)\s",
        r"^(?P<term>[A-Z][\w'’-]*(?:[ -](?!is\b|are\b)[\w'’-]+){0,3}?)(?:\s*\([^)]*\))?\s+(?:is|are)\s+(?:the(?!\s+(?:same|most|only|best|usual|default))|a|an|any)\s",
        rf"^(?:The\s+)?(?P<term>[A-Z]?{_NAME}?)\s+(?:refers?\s+to|means?(?!\s+of)|denotes?|describes?)\s",
        rf"\b(?:is|are)\s+(?:called|known\s+as|termed|named)\s+(?:the\s+|an?\s+)?[“\"']?(?P<term>{_NAME}?)[”\"']?(?=[,.;:(]|\s+(?:and|or|because|if|when|after|by|in|which)\b|$)",
        rf"\b(?:we|psychologists|statisticians|researchers|typographers|printers)\s+call\s+(?:this\s+|it\s+)?(?:the\s+|an?\s+)?[“\"']?(?P<term>{_NAME}?)[”\"']?(?=[,.;:(]|$)",
    )
]
_CJK_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"^(?:所谓)?[“「《]?(?P<term>[\u4e00-\u9fffA-Za-z]{2,10})[”」》]?(?:就)?(?:是指|指的是|是一[种个类条组])",
        r"(?:称为|称作|叫做|叫作|称之为)[“「]?(?P<term>[\u4e00-\u9fffA-Za-z]{2,10})[”」]?(?=[，。；、（]|$)",
    )
]
_NO_TERM = re.compile(
    r"""^(?:this|that|these|those|it|they|there|here|what|which|who|one|first|second|third|next|last
    |result|results|reason|reasons|answer|idea|problem|point|aim|goal|purpose|difference|example|only
    |following|latter|former|other|others|effect|question|rest|same|advantage|main|best|most|default
    |simplest|way|ways|note|all|each|some|many|both|such|another|either|value|key|cause|cost|price
    |higher|lower|larger|smaller|longer|shorter|negative|positive|regular|good|bad|better|of|in|on|at
    |for|with|by|to|from|as|since|while|although|because|once|until|unless|between|another|using
    |test|item|single|thing|blocking|class|option|command|macro
    |lesson|trick|remedy|figure|table|name|number|usual|general|normal|common|thing|things|if|when
    |book|author|student|reader|learner|teacher|classic|standard|typical)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT_IN_TERM = re.compile(
    r"\b(?:that|which|who|with|than|if|when|because|assumes?|is|are|was|were|has|have|can|will"
    r"|should|must|may|not|only|also|always|never|usually|often|normally|simply|just|there)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Definition:
    term: str
    sentence: int
    """Index of the defining sentence."""


def defined_term(sentence: str) -> str | None:
    """The term that a sentence defines, None where it defines none."""
    for pattern in (*_PATTERNS, *_CJK_PATTERNS):
        match = pattern.search(sentence)
        if match and (term := _tidy(match["term"])):
            return term
    return None


def _tidy(term: str) -> str | None:
    term = re.sub(r"^(?:the|an?)\s+", "", term.strip(" ,“”\"'"), flags=re.IGNORECASE)
    if not 2 <= len(term) <= 60 or _NO_TERM.match(term) or len(term.split()) > _MOST_WORDS:  # noqa: PLR2004
        return None
    if _NOT_IN_TERM.search(term):
        return None
    if re.search(r"\b(?:of|to|for|with|in|and|or|that|which|by|on|as|from|not)$", term):
        return None
    return term


def definitions(sentences: list[str]) -> list[Definition]:
    """One per term, the first sentence that defines it."""
    found: dict[str, Definition] = {}
    for at, sentence in enumerate(sentences):
        term = defined_term(sentence)
        if term and term.lower() not in found:
            found[term.lower()] = Definition(term, at)
    return list(found.values())
