"""Passwords that are guessed first: the common ones of past leaks, and what is about the person
(NIST SP 800-63B section 3.1.1.2, OWASP ASVS 5.0 6.2.4 and 6.2.11).
"""

import re
from functools import cache

from studium.services.auth.contract import PASSWORD_LENGTH

OUR_WORDS = ("studium",)
"""Beside the words of the person's own name and address."""
_SHORTEST_WORD = 3
_NO_LETTER = re.compile(r"[\W_]+")


def weakness(password: str, email: str, name: str) -> str | None:
    """Why it is refused, for people; None where it may be used."""
    told = password.casefold()
    if told in _common():
        return "It is one of the most common passwords. Choose a sentence that only you would."
    rest = told
    for word in _words(email, name):
        rest = rest.replace(word, "")
    if len(rest) < PASSWORD_LENGTH and rest != told:
        return (
            "It is little more than your name, your address or ours. Choose a sentence that only"
            " you would."
        )
    return None


@cache
def _common() -> frozenset[str]:
    """Those of zxcvbn's 30,000 passwords of known leaks that are long enough to be allowed."""
    # A quarter of a second and some megabytes that only the first password to be set pays for.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(each for each in FREQUENCY_LISTS["passwords"] if len(each) >= PASSWORD_LENGTH)


def _words(email: str, name: str) -> list[str]:
    """Longest first, so that no word hides another."""
    told = _NO_LETTER.split(f"{email} {name}".casefold())
    words = {word for word in told if len(word) >= _SHORTEST_WORD}
    return sorted({*words, *OUR_WORDS}, key=len, reverse=True)
