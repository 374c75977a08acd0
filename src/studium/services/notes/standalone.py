"""Which sentences can stand alone in notes, without the sentences around them."""

import re

FEWEST_WORDS, MOST_WORDS = 8, 45
FEWEST_CJK, MOST_CJK = 14, 110

_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

# Words that point back at a sentence which the reader of notes does not see.
_LEANING = re.compile(
    r"""(?: this | these | that(?!\s+\w+\s+(?:is|are)\b) | those | it | its | they | them | their
    | he | she | his | her | such | both | neither | another | others? | one\s+of\s+(?:these|them)
    | the\s+(?:same|latter|former|above|following|next|previous|last|first|second|third|other|rest
      |result|results|reason|answer|exception|difference|two|three|idea|effect|problem|point|method
      |definition|examples?|simplest|most\s+common|default\s+is|code|argument|arguments|output|macro
      |values?|commands?|above)\b
    | then | so | thus | hence | therefore | consequently | also | again | instead | otherwise
    | however | nevertheless | moreover | furthermore | similarly | likewise | conversely | besides
    | but | and | or | nor | yet | because\s+of\s+this | as\s+(?:a\s+result|before|above|shown
      |noted|mentioned|stated|described|such|expected|well) | in\s+(?:this|that|these|such|other\s+words
      |contrast|addition|particular|fact|any\s+case|each\s+case|the\s+(?:same|above|following|latter
      |former|first|second|example|next|previous|case))
    | for\s+(?:this|that|these|example|instance|the\s+same) | on\s+the\s+other(?:\s+hand)?
    | at\s+(?:this|that|the\s+same) | after\s+(?:this|that) | here | there(?!\s+(?:is|are)\b) | now
    | first(?:ly)? | second(?:ly)? | third(?:ly)? | finally | lastly | next | note | see | recall
    | remember | consider | suppose | assume | assuming | let | imagine | if\s+(?:this|that|so|not|it|they)
    | when\s+(?:this|that|it|they) | with\s+(?:this|that|these) | to\s+(?:this|do\s+this|do\s+so)
    | using\s+(?:this|these|that) | each\s+of\s+(?:these|them) | some\s+of\s+(?:these|them)
    | all\s+of\s+(?:these|this|them) | all\s+(?:these|this|three|four|five) | more\s+on | even\s+so
    | what\s+(?:this|follows) | by\s+(?:this|contrast) | of\s+(?:these|course|this) | unlike\s+(?:this|these)
    | an?\s+(?:second|third|fourth|fifth|further|final|similar)\s | (?:most|many|some|none|few|half)\s+of\s+(?:them|these|those)
    | (?:in|at|on)\s+either\s+(?:case|way|event) | one\s+(?:is|was|way|method|reason)\b | hopefully
    | both | alternatively | an\s+example\s+use | for\s+(?:some|others|the\s+times?)
    | the\s+(?:intent|basic\s+principle|principle|idea|solution|trick|additional|wider|narrower|larger
      |smaller|new|old|section|remaining|resulting|corresponding|required|needed|only\s+(?:way|problem)|spine\s+margin\s+is\s+normally)\b
    | (?:[\w,]+\s+){0,4}(?:it|they|them)\b | as\s+a\s+word\s+of | extensions\s+to\s+the | any\s+examples?
    | perhaps | actually | anyway | well | yes | no | ok | okay | just | either | likewise | too
    | i | i['’]\w+ | we(?!\s+(?:call|say|define)\b) | we['’]\w+ | my | our | me | let['’]s | us )
    (?=[\s,:;.])""",
    re.IGNORECASE | re.VERBOSE,
)
_POINTING = re.compile(
    r"""\b(?:above|below|the\s+following|as\s+follows|overleaf|next\s+(?:page|section|chapter|example)
    |previous\s+(?:page|section|chapter|example)|last\s+(?:section|chapter|example)|earlier|later\s+on
    |this\s+(?:chapter|section|example|figure|table|page|book|manual|exercise|appendix|paragraph|text
      |case|way|is|was|can|means|command|macro|option|happens|kind|one|class|style|code|value)
    |these\s+(?:examples?|figures?|tables?|are|two|three|commands?|macros?|lines|values|can)
    |the\s+(?:example|code|figure|table|listing|diagram|illustration|exercise)s?\b
    |(?:shown|given|listed|illustrated|described|discussed|defined|tabulated)\s+(?:in|on|here|by)
    |\b(?:this|these|those)\b(?!\s+(?:who|which|of)\b)|such\s+an?\b|things?\s+like\b
    |\b(?:is|are)\s+then\b|(?:often|usually|commonly|widely|sometimes)\s+(?:pictured|seen|believed|thought|assumed|held|said|supposed)\b|in\s+(?:all|both|these|each|most)\s+cases|the\s+others?\s+(?:is|are)\b|the\s+appropriate\b|if\s+you\s+wish
    |\bis\s+needed,\s+which\b|the\s+rest\b|\botherwise,\b|the\s+(?:latter|former)\b|just\s+(?:discussed|described|mentioned|seen)|\bnow\s+(?:refers?|located|is|are)
    |so\s+we\s|we\s+made|you\s+perhaps|(?:is|are)\s+(?:is|the\s+the)\b|\b(\w+)\s+\1\b|rather\s+lightly|see\s|cf\.|(?:figure|fig\.|table|listing|section|chapter|exercise|equation|example|page|appendix)
      s?\s*(?:~|\()?\s*[A-Z]?\d
    |i\s+(?:have|am|was|think|believe|like|prefer|will|would|do|did|could|found|know|suggest|use|used|don)
    |i['’](?:m|ve|d|ll)|\bmy\b|\bme\b|we\s+(?:will|have|shall|saw|can\s+see|now|may|might|just|are|use|were|did)
    |let\s+us|let['’]s|you['’]ll|thanks?\s|thank\s)""",
    re.IGNORECASE | re.VERBOSE,
)
_CJK_LEANING = re.compile(
    r"(?:这|那|它|他|她|此|其|因此|所以|但|但是|而|然而|不过|同样|同时|另外|此外|于是|例如|比如|如果这"
    r"|上述|上面|下面|以下|如下|接下来|首先|其次|最后|现在|我|我们|请|注意|见|参见|可是|并|且|也|就|再)"
)
_CJK_POINTING = re.compile(
    r"上面|下面|以下|如下|前面|后面|上一|下一|本章|本节|本书|第\s*\d+\s*[章节页]|见|我们|我"
)
_VERB = re.compile(
    r"""\b(?:is|are|was|were|be|been|has|have|had|can|could|may|might|must|should|will|would|does|do
    |did|makes?|made|takes?|took|gives?|gave|shows?|showed|uses?|used|becomes?|became|means?|needs?
    |falls?|fell|rises?|grows?|keeps?|kept|remains?|depends?|contains?|includes?|requires?|allows?
    |provides?|lets|sets?|puts?|calls?|called|produces?|causes?|leads?|lies|stands?|consists?|refers?
    |describes?|measures?|tells?|says?|found|finds?|works?|holds?|helps?|improves?|reduces?|increases?
    |learn|learns|learned|forget|forgets|forgot|remembers?|starts?|ends?|follows?|applies|typesets?
    |\w{3,}(?:ed|izes|ises|ates|ifies))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DEBRIS = re.compile(
    r"\((?:first|second|third|left|right)\)|[a-z]{3}\d\s|[\\{}<>⟨⟩|_^~=#$%&@*]|\.{3,}|…|\d{5,}|https?:|www\.|\s[.,;:]\s|\?\?|[\ue000-\uf8ff]"
)
_OPENERS = re.compile(
    r"(?:However|Moreover|Furthermore|Therefore|Thus|Hence|Consequently|In addition|Additionally"
    r"|In fact|Indeed|Of course|In general|Generally|In practice|Typically|Usually|Fortunately"
    r"|Unfortunately|Nevertheless|Similarly|By contrast|In contrast|For example|For instance"
    r"|In particular|In short|In other words|Finally|Interestingly|Note that|Remember that"
    r"|As a result|Overall|Accordingly),?\s+(?=\w)"
)


def is_cjk(text: str) -> bool:
    return len(_CJK.findall(text)) > 0.3 * max(1, len(text))


def words(text: str) -> int:
    return len(_WORD.findall(text))


def without_opener(sentence: str) -> str:
    """The sentence without a leading connective: of `However, X is Y.` stays `X is Y.`."""
    match = _OPENERS.match(sentence)
    if not match:
        return sentence
    rest = sentence[match.end() :]
    return rest[0].upper() + rest[1:]


def stands_alone(sentence: str) -> bool:
    """`sentence`: after `without_opener`."""
    if is_cjk(sentence):
        return _cjk_stands_alone(sentence)
    count = words(sentence)
    return (
        FEWEST_WORDS <= count <= MOST_WORDS
        and sentence[0].isupper()
        and sentence.rstrip("\"”’')]").endswith((".", "!"))
        and not _LEANING.match(sentence)
        and not _POINTING.search(sentence)
        and _VERB.search(sentence) is not None
        and _is_prose(sentence, count)
    )


def _cjk_stands_alone(sentence: str) -> bool:
    count = len(_CJK.findall(sentence))
    return (
        FEWEST_CJK <= count <= MOST_CJK
        and sentence.rstrip("”’」』）").endswith(("。", "！"))
        and not _CJK_LEANING.match(sentence)
        and not _CJK_POINTING.search(sentence)
        and _balanced(sentence)
        and len(_DEBRIS.findall(sentence)) == 0
    )


def _is_prose(sentence: str, count: int) -> bool:
    """Letters, few symbols, few lonely letters, brackets that close."""
    letters = sum(character.isalpha() or character.isspace() for character in sentence)
    short = sum(len(word) == 1 and word not in "aIA" for word in _WORD.findall(sentence))
    capitals = sum(word[:1].isupper() for word in sentence.split()[1:])
    return (
        letters >= 0.86 * len(sentence)
        and not _DEBRIS.search(sentence)
        and short <= 0.1 * count
        and capitals <= 0.4 * count
        and _balanced(sentence)
    )


def _balanced(sentence: str) -> bool:
    return (
        all(
            sentence.count(opening) == sentence.count(closing)
            for opening, closing in ("()", "[]", "“”", "（）", "「」", "《》")
        )
        and sentence.count('"') % 2 == 0
    )
