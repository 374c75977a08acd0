"""Errors on the wire: `application/problem+json` (RFC 9457) with a stable type and a request id."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from studium.core.errors import Kind, StudiumError

log = structlog.get_logger()

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
MEDIA_TYPE = "application/problem+json"
BASE = "https://studium.dev/problems/"
STATUS = {
    Kind.INVALID: 422,
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.OUT_OF_RANGE: 416,
    Kind.TOO_MANY: 429,
    Kind.DAMAGED: 460,  # tus 1.0.0, checksum extension
    Kind.UNAVAILABLE: 503,
}


_NEXT: dict[int, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
}
"""What to do next, for machines (RFC 9110 sections 11.6.1 and 10.2.3)."""


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldProblem] = []


def _note(request: Request, status: int, slug: str) -> None:
    """Who was refused what, and where. Never what they sent: no body, no query, and of the path
    only ids, since a code of an invitation is a secret.
    """
    state = request.scope.get("state", {})
    ids = {name: str(id_) for name, id_ in request.path_params.items() if name.endswith("_id")}
    write = log.info if status < HTTPStatus.INTERNAL_SERVER_ERROR else log.warning
    write(
        "http.refused",
        status=status,
        type=slug,
        method=request.method,
        route=getattr(request.scope.get("route"), "path", "unmatched"),
        account=str(state["account_id"]) if "account_id" in state else None,
        **ids,
    )


def _answer(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    extra: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    _note(request, status, slug)
    problem = Problem(
        type=BASE + slug,
        title=title,
        status=status,
        detail=detail,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        errors=list(errors),
    )
    return JSONResponse(
        {**(extra or {}), **problem.model_dump()},
        status_code=status,
        headers={**_NEXT.get(status, {}), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


async def expected(request: Request, error: Exception) -> JSONResponse:
    known = cast("StudiumError", error)
    return _answer(
        request,
        STATUS[known.kind],
        known.type,
        known.title,
        known.detail,
        extra=known.extra,
        headers=known.headers(),
    )


def _message(error: Any) -> str:
    """Pydantic speaks of patterns to programmers; people are told what to do."""
    if error["type"] == "string_pattern_mismatch":
        return "This does not have the right form. Check it for typing mistakes."
    return str(error["msg"])


async def invalid(request: Request, error: Exception) -> JSONResponse:
    fields = [
        FieldProblem(field=".".join(map(str, each["loc"][1:])), message=_message(each))
        for each in cast("RequestValidationError", error).errors()
    ]
    named = ", ".join(sorted({each.field for each in fields if each.field})) or "the request"
    return _answer(
        request,
        422,
        "invalid",
        "Something in the request is not right",
        f"Nothing was changed. Check {named}.",
        errors=fields,
    )


async def http(request: Request, error: Exception) -> JSONResponse:
    known = cast("HTTPException", error)
    phrase = HTTPStatus(known.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    headers = dict(known.headers or {})
    if known.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_allowed(request)))
    return _answer(request, known.status_code, slug, phrase, str(known.detail), headers=headers)


def _allowed(request: Request) -> set[str]:
    """Every method of this address: each method is a route of its own, and the router names only
    those of the first.
    """
    app: FastAPI = request.app
    scope = {**request.scope, "path_params": {}}
    return {
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes)
    }


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("http.unexpected", exc_info=error)
    return _answer(
        request,
        500,
        "unexpected",
        "Studium made a mistake",
        "The request was not carried out. Try again; if it fails again, report the request id.",
    )
