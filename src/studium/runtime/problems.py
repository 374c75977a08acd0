"""Errors on the wire: `application/problem+json` (RFC 9457) with a stable type and a request id."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from studium.core.errors import Kind, StudiumError

log = structlog.get_logger()

BASE = "https://studium.dev/problems/"
STATUS = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.OUT_OF_RANGE: 416,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}


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


def _answer(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    extra: dict[str, Any] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=BASE + slug,
        title=title,
        status=status,
        detail=detail,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        errors=list(errors),
    )
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return JSONResponse(
        {**(extra or {}), **problem.model_dump()},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
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
    return _answer(request, known.status_code, slug, phrase, str(known.detail))


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("http.unexpected", exc_info=error)
    return _answer(
        request,
        500,
        "unexpected",
        "Studium made a mistake",
        "The request was not carried out. Try again; if it fails again, report the request id.",
    )
