"""Notes as HTML and Markdown: citations are links, hostile text is text."""

import re
from html.parser import HTMLParser
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from studium.services.notes import render
from studium.services.notes.contract import Citation, Draft, KeyTerm, Point

LABELS = ("i", "ii", "1", "2")
ALLOWED = {"ul", "li", "dl", "dt", "dd", "p", "a", "em", "strong", "code", "math", "section", "br"}


def draft(text: str, quote: str = "a quote", page: int = 3) -> Draft:
    citation = Citation(passage_id=uuid4(), page=page, quote=quote)
    return Draft(
        summary=text,
        points=(Point(text=text, citations=(citation,)),),
        key_terms=(KeyTerm(term=text, definition=text, citations=(citation,)),),
    )


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_citation_links_to_its_page_by_the_printed_label() -> None:
    notes = draft("Memory fades.", 'He said "go" & left')
    passage = notes.points[0].citations[0].passage_id
    link = next(attrs for tag, attrs in Tags(render.to_html(notes, LABELS)).found if tag == "a")
    assert link == {
        "class": "citation",
        "href": f"?page=3&cite={passage}",
        "data-passage": str(passage),
        "data-page": "3",
        "title": 'He said "go" & left',
    }
    assert "[1]</a>" in render.to_html(notes, LABELS)


def test_maths_becomes_mathml() -> None:
    html = render.to_html(draft("Retention is $R = e^{-t/s}$."), LABELS)
    assert "<math" in html
    assert "<msup>" in html
    assert "$" not in re.sub(r"<[^>]+>", "", html)


@given(st.text(max_size=120), st.text(max_size=60))
def test_no_text_brings_tags_or_addresses_of_its_own(text: str, quote: str) -> None:
    for tag, attributes in Tags(render.to_html(draft(text, quote), LABELS)).found:
        assert tag in ALLOWED | render._MATHML
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"href", "src"}:
                assert (value or "").startswith("?page=")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![pixel](http://evil.test/x.png)",
    "<a href='http://evil.test'>x</a>",
    "$\\href{javascript:alert(1)}{x}$",
    "<svg/onload=alert(1)>",
    "http://evil.test/?leak",
]


def test_hostile_text_is_shown_as_text() -> None:
    for text in HOSTILE:
        html = render.to_html(draft(text), LABELS)
        assert {tag for tag, _ in Tags(html).found} <= ALLOWED | render._MATHML
        links = [attrs["href"] for tag, attrs in Tags(html).found if tag == "a"]
        assert all(link and link.startswith("?page=") for link in links)


def test_markdown_names_the_printed_pages() -> None:
    markdown = render.to_markdown("1 Memory", draft("Memory fades."), LABELS)
    assert "- Memory fades. \\[1\\]" in markdown
    assert "### Key terms" in markdown
