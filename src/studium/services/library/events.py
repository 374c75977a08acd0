"""What the library tells the others about a material. `version` rises with every re-reading."""

from uuid import UUID

from studium.core.event import Event


class MaterialEvent(Event):
    """Base of the library's facts: which book, of which course, for whom."""

    course_id: UUID
    material_id: UUID
    version: int
    uploaded_by: UUID
    title: str


class MaterialUploaded(MaterialEvent): ...


class PageRangePlanned(MaterialEvent):
    number: int
    first_page: int
    last_page: int


class PageRangeRead(MaterialEvent):
    number: int


class SectionRead(MaterialEvent):
    section: int


class MaterialIndexed(MaterialEvent):
    passages: int


class MaterialFailed(MaterialEvent):
    reason: str


class MaterialCancelled(MaterialEvent): ...


class MaterialDeleted(MaterialEvent): ...
