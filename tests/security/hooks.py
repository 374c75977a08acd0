"""What Schemathesis is told about Studium, loaded into its process by SCHEMATHESIS_HOOKS.

A half of the well-formed ids become ids that exist, so that requests reach what lies behind a 404;
deleting is left to the courses and books that Schemathesis makes itself. Every answer is counted
into the file that SCHEMA_COUNTS names.
"""

import atexit
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import schemathesis

WORLD: dict[str, Any] = json.loads(Path(os.environ["SCHEMA_WORLD"]).read_text())
COUNTS = Path(os.environ["SCHEMA_COUNTS"])
TOKEN_SECONDS = 240
answered: Counter[str] = Counter()


def _well_formed(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    if not path_parameters or context.operation.method.upper() == "DELETE":
        return path_parameters
    chance = random.Random(repr(path_parameters))
    for name, value in path_parameters.items():
        if name in WORLD["ids"] and _well_formed(value) and chance.random() < 0.5:
            path_parameters[name] = WORLD["ids"][name]
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Now and then a real book, each a little different from the others."""
    if context.operation.path.endswith("/materials") and isinstance(body, dict) and "file" in body:
        chance = random.Random(repr(body))
        if isinstance(body["file"], bytes) and chance.random() < 0.5:
            book = Path(WORLD["book"]).read_bytes()
            return {**body, "file": book + b"\n%%" + str(chance.random()).encode()}
    return body


@schemathesis.auth(refresh_interval=TOKEN_SECONDS)
class Account:
    """Logs in once; log-ins are limited. Afterwards the refresh cookie answers fresh tokens."""

    def __init__(self) -> None:
        self._api: httpx.Client | None = None

    def get(self, case: Any, context: Any) -> str | None:
        if not WORLD["credentials"]:
            return None
        if self._api is None:
            self._api = httpx.Client(base_url=WORLD["url"])
            answer = self._api.post("/v1/auth/login", json=WORLD["credentials"])
        else:
            answer = self._api.post("/v1/auth/refresh")
        return str(answer.raise_for_status().json()["access_token"])

    def set(self, case: Any, data: str | None, context: Any) -> None:
        if data:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    answered[f"{case.operation.label} {response.status_code}"] += 1


@atexit.register
def write() -> None:
    COUNTS.write_text(json.dumps(answered, indent=1, sort_keys=True))
