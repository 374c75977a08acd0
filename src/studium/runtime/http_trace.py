"""Around each request: its id, its span, its log context, its metrics."""

import re
from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.core.identity import new_id
from studium.runtime import telemetry

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_UNMEASURED = frozenset({"/healthz", "/readyz", "/metrics"})


class TraceRequests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNMEASURED:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _known_or_new(headers.get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(request_id=request_id, client=_host(scope)),
            telemetry.remote_span(f"{scope['method']} {_area(scope)}", headers.get("traceparent")),
        ):
            try:
                await self._app(scope, receive, answer)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                seconds = perf_counter() - started
                telemetry.request_ended(scope["method"], route, status, seconds)


def _known_or_new(request_id: str) -> str:
    return request_id if _REQUEST_ID.fullmatch(request_id) else str(new_id())


def _host(scope: Scope) -> str:
    """Where the request came from, as the server believes it (`STUDIUM_TRUSTED_PROXIES`)."""
    client = scope.get("client")
    return client[0] if client else ""


def _area(scope: Scope) -> str:
    """The first parts of the path: ids must not become span names."""
    return "/".join(scope["path"].split("/")[:3])
