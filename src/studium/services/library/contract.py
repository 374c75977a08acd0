"""What the library answers to others: materials, their receipt, and the text of a section."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from studium.core.identity import Principal

BlockKind = Literal["prose", "heading", "list", "code", "table", "caption", "formula", "other"]
MaterialStatus = Literal["processing", "ready", "failed", "cancelled"]
Stage = Literal["waiting", "planning", "reading", "indexing", "done"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Progress(View):
    done: int
    total: int


class FailedPage(View):
    page: int
    """1-based PDF page."""
    reason: str


class Receipt(View):
    """Pages total = indexed + empty + failed. Nothing is cut in silence."""

    total: int
    indexed: int
    empty: int
    failed: int
    failures: tuple[FailedPage, ...] = ()


class SectionView(View):
    index: int
    heading: str
    path: tuple[str, ...]
    level: int
    first_page: int
    last_page: int


class MaterialView(View):
    id: UUID
    course_id: UUID
    title: str
    file_name: str
    bytes: int
    status: MaterialStatus
    stage: Stage
    progress: Progress
    """Pages while planning and reading, passages while indexing."""
    language: str
    """ISO 639-1 of the text, `und` where unknown."""
    problem: str | None
    """Why it failed, or what is amiss with it, and what to do; for people."""
    receipt: Receipt | None
    page_labels: tuple[str, ...] | None = None
    """The printed label of each PDF page, only in the single view."""
    uploaded_by: UUID
    created_at: datetime


class LinkView(View):
    url: str
    """Of this server, or of the object store's own."""
    expires_in: int
    """Seconds."""


class StorageView(View):
    """Of the organisation that a course belongs to."""

    used: int
    """Bytes of all its books, and of the resumable uploads on their way."""
    quota: int | None
    """Bytes that they may have together; None: as many as there is room for."""


class MaterialList(View):
    items: tuple[MaterialView, ...]
    next: str | None = None


class SearchResult(View):
    passage_id: UUID
    material_id: UUID
    title: str
    page: int
    page_to: int
    text: str
    score: float


class SearchView(View):
    results: tuple[SearchResult, ...]


class SourceBlock(View):
    """A paragraph, list, table … as it stands on one page. Lines of prose are joined by a space
    with hyphens mended; tables and code keep their line ends.
    """

    page: int
    """1-based PDF page."""
    start: int
    """Offset of the block's first character in the page's text."""
    kind: BlockKind
    text: str


class SourcePassage(View):
    id: UUID
    page_from: int
    page_to: int
    start: int
    """Offset in the text of `page_from`."""
    end: int
    """Offset in the text of `page_to`."""


class SectionSource(View):
    """A section as the notes read it."""

    organisation_id: UUID
    course_id: UUID
    material_id: UUID
    material_title: str
    version: int
    language: str
    """ISO 639-1 of the book's text, `und` where unknown."""
    section: SectionView
    blocks: tuple[SourceBlock, ...]
    passages: tuple[SourcePassage, ...]
    """In reading order, without gaps between them inside the section."""

    def passage_at(self, page: int, offset: int) -> UUID | None:
        for passage in self.passages:
            starts = (passage.page_from, passage.start)
            ends = (passage.page_to, passage.end)
            if starts <= (page, offset) < ends:
                return passage.id
        return None


class PassageView(View):
    id: UUID
    material_id: UUID
    page_from: int
    page_to: int
    text: str


class Library(Protocol):
    async def section(
        self, organisation_id: UUID, material_id: UUID, section: int
    ) -> SectionSource: ...

    async def page_texts(
        self, organisation_id: UUID, material_id: UUID, first: int, last: int
    ) -> dict[int, str]:
        """1-based page → its text, against which quotes are checked."""
        ...

    async def sections(self, organisation_id: UUID, material_id: UUID) -> list[SectionView]: ...

    async def material(self, organisation_id: UUID, material_id: UUID) -> MaterialView: ...

    async def visible_material(self, principal: Principal, material_id: UUID) -> MaterialView:
        """The book of an organisation the caller is in. Whether they may see its course, the
        courses say. Raises `NotFoundError`.
        """
        ...

    async def passages(
        self, organisation_id: UUID, passage_ids: Sequence[UUID]
    ) -> list[PassageView]: ...
