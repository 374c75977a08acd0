"""Who acts, and where: accounts, organisations and what a role may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from uuid_utils.compat import uuid7


class Role(StrEnum):
    """What an account is inside an organisation."""

    OWNER = "owner"
    TEACHER = "teacher"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, as the access token states it."""

    account_id: UUID
    organisations: Mapping[UUID, Role]


def new_id() -> UUID:
    """A time-ordered identifier (UUID version 7, RFC 9562 section 5.7)."""
    return uuid7()
