"""Which language a book is written in, from its most frequent words."""

import re
from collections import Counter

UNKNOWN = "und"
_CJK = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_FREQUENT = {
    "en": "the of and to in is that for it as with was are be this on by or from which",
    "de": "der die und das ist den nicht mit ein eine zu von auf für im dem sich des als auch",
    "fr": "le la les des et est une dans que pour qui par sur pas au plus avec du ce sont",
    "es": "el los las una que en por con para del es se su como más pero sus al lo fue",
    "it": "il che di una per non sono con del della nel gli anche dei alla questo come più",
    "pt": "os uma que não para com do da em por mais como foi ao das dos seu sua ou pelo",
    "nl": "het een van en dat niet zijn op met voor aan ook als door maar bij worden werd",
}
_WORDS = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}


def guess(text: str) -> str:
    """ISO 639-1, `und` where nothing fits."""
    letters = max(1, sum(character.isalpha() for character in text))
    if len(_KANA.findall(text)) > 0.1 * letters:
        return "ja"
    if len(_HANGUL.findall(text)) > 0.2 * letters:
        return "ko"
    if len(_CJK.findall(text)) > 0.2 * letters:
        return "zh"
    counts = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    total = sum(counts.values())
    shares = {
        language: sum(counts[word] for word in words) / max(1, total)
        for language, words in _WORDS.items()
    }
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] > 0.08 else UNKNOWN  # noqa: PLR2004 - prose has a quarter
