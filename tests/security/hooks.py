"""What Schemathesis is told about Studium, loaded into its process by SCHEMATHESIS_HOOKS.

A half of the well-formed ids become ids that exist, so that requests reach what lies behind a 404;
what is deleted are courses and books that Schemathesis made itself. Every answer is counted into
the file that SCHEMA_COUNTS names.
"""

import atexit
import json
import os
import random
import re
from collections import Counter, deque
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.services.library.tus import described

WORLD: dict[str, Any] = json.loads(Path(os.environ["SCHEMA_WORLD"]).read_text())
COUNTS = Path(os.environ["SCHEMA_COUNTS"])
BOOK = Path(WORLD["book"]).read_bytes()
COOKIE = "studium_refresh"
UNSENDABLE = re.compile(r'[\s";\\]')
"""What ends, shortens or quotes a cookie's value on the wire (RFC 6265 section 4.1.1), so that the
server would see another one than was made.
"""
TOKEN_SECONDS = 240
MAKES = {
    "POST /v1/courses": "course_id",
    "POST /v1/courses/{course_id}/materials": "material_id",
}
answered: Counter[str] = Counter()
made: dict[str, deque[str]] = {
    name: deque(maxlen=100) for name in ("course_id", "material_id", "upload_id", "refresh_token")
}
"""By Schemathesis itself: each is used up once."""


def _well_formed(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """What is wrong on purpose stays wrong; a stateful run has the ids of earlier answers."""
    chance = random.Random(repr((case.path_parameters, case.cookies, case.body)))
    if case.meta.phase.name != TestPhase.STATEFUL:
        _point_at_what_exists(case, chance)
    if not case.meta.is_negative_at(ParameterLocation.BODY) and isinstance(case.body, dict):
        _say_what_is_true(case, chance)
    if "/uploads" in case.path and not case.meta.is_negative_at(ParameterLocation.HEADER):
        _speak_tus(case)
    _carry_a_cookie(case, chance)
    return case


def _speak_tus(case: Any) -> None:
    """What no schema can say: the version, a description in base64, the next byte."""
    chance = random.Random(repr(sorted(case.headers.items())))
    course = chance.choice(WORLD["ids"]["course_id"])
    case.headers["Tus-Resumable"] = "1.0.0"
    case.headers.pop("upload-checksum", None)
    if case.method == "POST" and chance.random() < 0.7:
        case.headers["upload-metadata"] = described(course_id=course, filename="book.pdf")
        case.headers["upload-length"] = str(chance.randrange(1, 10_000))
    if case.method == "PATCH" and chance.random() < 0.7:
        case.headers["upload-offset"] = "0"


def _carry_a_cookie(case: Any, chance: random.Random) -> None:
    for name, value in case.cookies.items():
        case.cookies[name] = UNSENDABLE.sub("_", value) if isinstance(value, str) else value
    right = COOKIE in case.cookies and not case.meta.is_negative_at(ParameterLocation.COOKIE)
    if right and made["refresh_token"] and chance.random() < 0.1:
        case.cookies[COOKIE] = made["refresh_token"].popleft()


def _point_at_what_exists(case: Any, chance: random.Random) -> None:
    for name, value in case.path_parameters.items():
        if not (name == "code" or _well_formed(value)) or chance.random() < 0.5:
            continue
        if case.method != "DELETE" and name == "upload_id" and made[name]:
            case.path_parameters[name] = made[name][-1]
        elif case.method != "DELETE" and name != "upload_id":
            case.path_parameters[name] = chance.choice(WORLD["ids"][name])
        elif made.get(name):
            case.path_parameters[name] = made[name].popleft()


def _say_what_is_true(case: Any, chance: random.Random) -> None:
    """Mostly one's own organisation and the whole book, often a password that nobody guesses; now
    and then a real book, each a little different from the others, or a real log-in.
    """
    for name in ("organisation_id", "section_id"):
        if name in case.body and chance.random() < 0.7:
            case.body[name] = None
    if "events" in case.body and chance.random() < 0.5:
        case.body["course_id"] = chance.choice(WORLD["ids"]["course_id"])
    if case.path.endswith("/register") and chance.random() < 0.5:
        case.body["password"] = f"{chance.getrandbits(128):x}"
    if chance.random() < 0.2:
        if isinstance(case.body.get("file"), bytes):
            case.body["file"] = BOOK + b"\n%%" + str(chance.random()).encode()
        elif case.path.endswith("/login"):
            case.body = dict(WORLD["guest"])


@schemathesis.auth(refresh_interval=TOKEN_SECONDS)
class Account:
    """Logs in once; log-ins are limited. Afterwards the refresh cookie answers fresh tokens."""

    def __init__(self) -> None:
        self._api: httpx.Client | None = None

    def get(self, case: Any, context: Any) -> str | None:
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
    if response.status_code in {201, 202} and (name := MAKES.get(case.operation.label)):
        made[name].append(response.json()["id"])
    if response.status_code == 201 and case.operation.label == "POST /v1/uploads":
        made["upload_id"].append(response.headers["location"][0].rsplit("/", 1)[1])
    for header in response.headers.get("set-cookie", ()):
        name, _, rest = header.partition("=")
        if name == COOKIE and (token := rest.partition(";")[0].strip('"')):
            made["refresh_token"].append(token)


@atexit.register
def write() -> None:
    COUNTS.write_text(json.dumps(answered, indent=1, sort_keys=True))
