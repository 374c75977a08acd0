"""What the description of the API says beyond what FastAPI knows: which problems a call answers."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from studium.core.errors import Kind
from studium.runtime.problems import MEDIA_TYPE, STATUS, Problem

WRITING = frozenset({"post", "put", "patch", "delete"})
MEANINGS = {
    400: "the body, or a header, is not what it says it is",
    401: "log in first",
    403: "not with this role",
    404: "there is nothing here, or nothing that the caller may see",
    409: "not in the state that things are in now",
    412: "it was changed by somebody else meanwhile",
    413: "too large",
    415: "this kind of file cannot be read",
    416: "outside of the file",
    422: "something in the request is not right; `errors` names the fields",
    429: "too often; `Retry-After` says for how many seconds to wait",
    460: "not the bytes that the checksum says",
    503: "an engine cannot be reached; `Retry-After` says for how many seconds to wait",
}
Responses = dict[int | str, dict[str, Any]]


def answers(*kinds: Kind) -> Responses:
    """For a route's `responses`: the problems that are its own. What holds for many, a missing
    token or a malformed body, is added by `complete`.
    """
    return {STATUS[kind]: _problem(STATUS[kind]) for kind in kinds}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def complete(description: dict[str, Any]) -> dict[str, Any]:
    """Adds, in place, the problems that follow from what an operation takes."""
    for operations in description["paths"].values():
        for method, operation in operations.items():
            for status in _common(method, operation):
                operation["responses"][str(status)] = _problem(status)
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return description


def _common(method: str, operation: dict[str, Any]) -> list[int]:
    secured, body = bool(operation.get("security")), operation.get("requestBody")
    asks = secured or bool(operation.get("parameters")) or bool(body)
    holds = {
        400: body is not None and "application/json" in body["content"],
        401: secured,
        413: body is not None,
        422: bool(operation.get("parameters")) or body is not None,
        429: secured and method in WRITING,
        503: asks,
    }
    return [status for status, needed in holds.items() if needed]


def describe(router: APIRouter) -> dict[str, Any]:
    """What one service's routes say of themselves, without an application (OpenAPI 3.1)."""
    return complete(get_openapi(title="Studium", version="1", routes=router.routes))


class Described(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return complete(super().openapi())
