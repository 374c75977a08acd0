"""The shape of notes: every point carries the quotes it stands on."""

from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StrictBool

from studium.services.library.contract import SectionSource

NotesStatus = Literal["writing", "ready", "failed"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Citation(View):
    passage_id: UUID
    page: int
    """1-based PDF page."""
    quote: str
    """Verbatim from the page's text, white space folded."""


class Point(View):
    text: str
    """Markdown with inline maths in `$…$`."""
    citations: tuple[Citation, ...]


class KeyTerm(View):
    term: str
    definition: str
    citations: tuple[Citation, ...]


class Draft(View):
    """What a writer makes of one section, before its citations are checked."""

    summary: str = ""
    points: tuple[Point, ...] = ()
    key_terms: tuple[KeyTerm, ...] = ()


class NoteWriter(Protocol):
    """The port behind which the extractive and the model generator stand."""

    @property
    def generator(self) -> str:
        """Shown on the page, e.g. `extracted, no AI model`."""
        ...

    async def write(self, source: SectionSource) -> Draft: ...


class NotesSectionView(View):
    id: UUID
    index: int
    heading: str
    path: tuple[str, ...]
    level: int
    first_page: int
    last_page: int
    status: Literal["waiting", "ready", "failed"]
    summary: str
    html: str
    """Rendered and sanitised on the server, maths as MathML; citations as
    `<a class="citation" data-passage=… data-page=…>[page]</a>`."""
    markdown: str
    points: tuple[Point, ...]
    key_terms: tuple[KeyTerm, ...]
    dropped: int
    """Citations that did not stand on their page and were left out."""


class NotesState(View):
    """What there is to say of notes without reading them."""

    material_id: UUID
    title: str
    generator: str
    language: str
    status: NotesStatus
    published: bool
    written: int
    """Sections written so far."""
    total: int


class NotesView(NotesState):
    sections: tuple[NotesSectionView, ...]


class WriteAgain(BaseModel):
    section_id: UUID | None = None
    """None: every section."""


class Publication(BaseModel):
    published: StrictBool
