"""Errors that people may see: what happened, what was kept, what to do next.

A service raises these; `runtime/http.py` alone turns a kind into a status code.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    INVALID = "invalid"
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    OUT_OF_RANGE = "out-of-range"
    TOO_MANY = "too-many"
    DAMAGED = "damaged"
    UNAVAILABLE = "unavailable"


class StudiumError(Exception):
    """Base of every expected error. `type` is stable: clients may rely on it."""

    kind: ClassVar[Kind] = Kind.INVALID
    type: ClassVar[str] = "invalid"
    title: ClassVar[str] = "That did not work"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def headers(self) -> Mapping[str, str]:
        """What machines are told beside (RFC 9110): when to try again, how large the file is."""
        return {}


class EngineUnavailableError(StudiumError):
    """An engine (database, broker, objects …) cannot be reached now."""

    kind = Kind.UNAVAILABLE
    type = "engine-unavailable"
    title = "A part of Studium cannot be reached"


class NotFoundError(StudiumError):
    kind = Kind.NOT_FOUND
    type = "not-found"
    title = "There is nothing here"


class ForbiddenError(StudiumError):
    kind = Kind.FORBIDDEN
    type = "forbidden"
    title = "You may not do that"
