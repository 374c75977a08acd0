"""Addresses that open one thing for a while, for whoever has them: a ticket signed like an access
token (RFC 7519), and of another type, so that neither opens what the other does.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from studium.core.errors import Kind, StudiumError
from studium.runtime.tokens import ISSUER, InvalidError, SigningKey, Verifier

TYPE = "link+jwt"
LIFETIME_SECONDS = 300


class LinkEndedError(StudiumError):
    kind = Kind.NOT_FOUND
    type = "link-ended"
    title = "This link does not work any more"


@dataclass(frozen=True, slots=True)
class Link:
    organisation_id: UUID
    subject: UUID
    """What it opens."""

    def sign(self, key: SigningKey, audience: str) -> str:
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": str(self.subject),
            "org": str(self.organisation_id),
            "exp": int(time.time()) + LIFETIME_SECONDS,
        }
        return key.encode(claims, TYPE)

    @classmethod
    def read(cls, ticket: str, verifier: Verifier, audience: str) -> "Link":
        """`audience`: the kind of thing that it was signed for. Raises `LinkEndedError`."""
        try:
            claims = verifier.decode(ticket, TYPE, audience, ("org",))
        except InvalidError as error:
            raise LinkEndedError("Go back to the book and ask for a new one.") from error
        return cls(UUID(claims["org"]), UUID(claims["sub"]))
