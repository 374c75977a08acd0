"""Facts that services publish. A fact never changes and is delivered at least once."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from studium.core.identity import new_id


def now() -> datetime:
    return datetime.now(UTC)


class Event(BaseModel):
    """The base of every fact. Its class name is its type on the wire."""

    model_config = ConfigDict(frozen=True)

    id: UUID = Field(default_factory=new_id)
    occurred_at: datetime = Field(default_factory=now)
    organisation_id: UUID

    @classmethod
    def type_name(cls) -> str:
        return cls.__name__
