"""Names of the fan-out's topics, and what travels there."""

import json
from typing import Any
from uuid import UUID


def of_account(account_id: UUID) -> str:
    """Everything that one person's browsers hear."""
    return f"account:{account_id}"


def message(**fields: Any) -> bytes:
    return json.dumps(fields, default=str).encode()
