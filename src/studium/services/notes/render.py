"""Notes as Markdown and as sanitised HTML, maths as MathML.

Text from books and models is text: no HTML, no link, no image of theirs comes through.
"""

import html
from collections.abc import Sequence
from typing import Any

import nh3
from latex2mathml.converter import convert as to_mathml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from studium.services.notes.contract import Citation, Draft

_MATHML = {
    *("math", "semantics", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msup", "msub", "msubsup"),
    *("mfrac", "msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd"),
    *("mstyle", "mpadded", "mphantom", "menclose"),
}
_TAGS = _MATHML | {"p", "ul", "li", "dl", "dt", "dd", "em", "strong", "code", "a", "section", "br"}
_ATTRIBUTES = {
    "a": {"class", "href", "title", "data-passage", "data-page"},
    "section": {"class"},
    "p": {"class"},
    "ul": {"class"},
    "dl": {"class"},
    "math": {"display", "xmlns"},
    "mo": {"stretchy", "fence", "separator", "form"},
    "mi": {"mathvariant"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtd": {"columnalign"},
}


def _maths(latex: str, options: dict[str, Any]) -> str:
    try:
        return to_mathml(latex, display="block" if options.get("display_mode") else "inline")
    except Exception:  # noqa: BLE001 - what is no LaTeX is shown as it stands
        return f"<code>{html.escape(latex)}</code>"


def _engine() -> MarkdownIt:
    markdown = MarkdownIt("zero", {"html": False, "linkify": False})
    markdown.enable(["emphasis", "backticks", "escape"])
    return markdown.use(dollarmath_plugin, renderer=_maths, allow_digits=False)


_ENGINE = _engine()
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#$|~"})


def escaped(text: str) -> str:
    """Markdown that shows exactly this text."""
    return text.translate(_SPECIAL)


def label_of(page: int, labels: Sequence[str]) -> str:
    """What is printed on the page; its number where nothing is known."""
    return labels[page - 1] if 0 < page <= len(labels) else str(page)


# ── HTML ──────────────────────────────────────────────────────────────────────────────────────
def to_html(draft: Draft, labels: Sequence[str]) -> str:
    """A fragment: summary, points, key terms, each with its citations as links."""
    parts = []
    if draft.summary:
        parts.append(f'<p class="summary">{_inline(draft.summary)}</p>')
    if draft.points:
        items = "".join(
            f"<li>{_inline(point.text)} {_links(point.citations, labels)}</li>"
            for point in draft.points
        )
        parts.append(f'<ul class="points">{items}</ul>')
    if draft.key_terms:
        entries = "".join(
            f"<dt>{_inline(each.term)}</dt>"
            f"<dd>{_inline(each.definition)} {_links(each.citations, labels)}</dd>"
            for each in draft.key_terms
        )
        parts.append(f'<dl class="terms">{entries}</dl>')
    return sanitised("".join(parts))


def sanitised(fragment: str) -> str:
    """Only the tags and attributes that notes are made of (OWASP XSS prevention, rule 6)."""
    return nh3.clean(
        fragment,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=set(),  # links of notes are relative: `?page=…`
        link_rel=None,
    )


def _inline(markdown: str) -> str:
    return str(_ENGINE.renderInline(markdown))


def _links(citations: Sequence[Citation], labels: Sequence[str]) -> str:
    return " ".join(
        f'<a class="citation" href="?page={each.page}&amp;cite={each.passage_id}"'
        f' data-passage="{each.passage_id}" data-page="{each.page}"'
        f' title="{html.escape(each.quote)}">[{html.escape(label_of(each.page, labels))}]</a>'
        for each in citations
    )


# ── Markdown ──────────────────────────────────────────────────────────────────────────────────
def to_markdown(heading: str, draft: Draft, labels: Sequence[str]) -> str:
    lines = [f"## {escaped(heading)}", ""]
    if draft.summary:
        lines += [draft.summary, ""]
    lines += [f"- {point.text} {_pages(point.citations, labels)}" for point in draft.points]
    if draft.key_terms:
        lines += ["", "### Key terms", ""]
        lines += [
            f"- **{each.term}**: {each.definition} {_pages(each.citations, labels)}"
            for each in draft.key_terms
        ]
    return "\n".join(lines).rstrip() + "\n"


def _pages(citations: Sequence[Citation], labels: Sequence[str]) -> str:
    return " ".join(f"\\[{escaped(label_of(each.page, labels))}\\]" for each in citations)
