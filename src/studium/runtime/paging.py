"""Pages of a list by cursor: the id of the last item that was seen."""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Query

Cursor = Annotated[UUID | None, Query(description="`next` of the page before")]
USUAL, MOST = 50, 100
Limit = Annotated[int, Query(ge=1, le=MOST)]


class Identified(Protocol):
    @property
    def id(self) -> UUID: ...


Item = TypeVar("Item", bound=Identified)


def page(
    items: Sequence[Item], cursor: UUID | None, limit: int
) -> tuple[tuple[Item, ...], str | None]:
    """The items after `cursor` of a list that is newest first (UUID version 7, descending)."""
    rest = [item for item in items if cursor is None or item.id < cursor]
    shown = tuple(rest[:limit])
    return shown, str(shown[-1].id) if len(rest) > limit else None
