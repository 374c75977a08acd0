"""A book as it travels between the stages of reading: plain values, as JSON in the database and
between processes.
"""

from hashlib import sha256
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from studium.services.library.contract import BlockKind


class Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class OutlineEntry(Value):
    level: int
    """0 is the highest."""
    title: str
    page: int
    """1-based."""
    top: float | None = None
    """Points from the page's lower edge, as PDF counts; None: the page's start."""


class SectionPlan(Value):
    """The unit of note writing. Sections partition the book; two may share a page."""

    index: int
    heading: str
    path: tuple[str, ...]
    level: int
    kind: str
    """body · front · contents · bibliography · glossary · index: notes are written of bodies."""
    first_page: int
    last_page: int
    top: float | None = None
    """Where on `first_page` it starts."""


class RangePlan(Value):
    """The unit of reading: pages [first_page, last_page], 1-based."""

    number: int
    first_page: int
    last_page: int


class BookPlan(Value):
    pages: int
    title: str
    language: str
    labels: tuple[str, ...]
    sections: tuple[SectionPlan, ...]
    ranges: tuple[RangePlan, ...]
    reader: Literal["pdfium", "oxide"] = "pdfium"
    remark: str | None = None
    """What its owner should know, though it can be read."""

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, plan: Any) -> "BookPlan":
        return cls.model_validate(plan)


class Block(NamedTuple):
    start: int
    end: int
    kind: BlockKind


class Mark(NamedTuple):
    offset: int
    section: int
    """The section that starts at the offset of the page's text."""


class PageText(Value):
    number: int
    text: str = ""
    blocks: tuple[Block, ...] = ()
    marks: tuple[Mark, ...] = ()
    failure: str | None = None


class PassageText(Value):
    section_index: int
    page_from: int
    page_to: int
    start: int
    """In the text of `page_from`."""
    end: int
    """In the text of `page_to`."""
    text: str

    @property
    def content_hash(self) -> bytes:
        return sha256(self.text.encode()).digest()
