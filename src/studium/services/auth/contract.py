"""Who people are, and what other services may ask about them."""

from collections.abc import Sequence
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from studium.core.identity import Principal, Role
from studium.core.text import A_WORD, BLANK

_PART = f"[^@\\x00-\\x20\\x7f{BLANK}]"
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=f"^{_PART}+@{_PART}+\\.{_PART}+$",
    ),
]
"""Lower-cased. Whether it exists, only a message to it can tell (RFC 5321 section 3.5.3)."""
PASSWORD_LENGTH = 8
Password = Annotated[str, StringConstraints(min_length=PASSWORD_LENGTH, max_length=256)]
"""Length, not composition rules (NIST SP 800-63B section 5.1.1.2)."""
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=A_WORD),
]


class Registration(BaseModel):
    email: Email
    password: Password
    name: Name


class Credentials(BaseModel):
    email: Email
    password: Annotated[str, StringConstraints(max_length=256)]


class PasswordChange(BaseModel):
    current: Annotated[str, StringConstraints(max_length=256)]
    new: Password


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class OrganisationView(View):
    id: UUID
    name: str
    role: Role
    personal: bool


class AccountView(View):
    id: UUID
    email: str
    name: str
    organisations: tuple[OrganisationView, ...]


class AccessView(View):
    access_token: str
    expires_in: int = Field(description="seconds")


class SessionView(AccessView):
    account: AccountView


class Identity(Protocol):
    """What other services may ask of this one."""

    async def join(self, account_id: UUID, organisation_id: UUID, role: Role) -> AccessView:
        """Makes the account a member (a higher role stays) and answers a token that says so."""
        ...

    async def personal(self, principal: Principal) -> UUID:
        """The caller's personal organisation."""
        ...

    async def names(self, organisation_id: UUID, account_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The names of members of the organisation; others are left out."""
        ...
