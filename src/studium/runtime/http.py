"""The HTTP application that every process serves: health, problems, request ids, who asks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException

from studium.core.errors import StudiumError
from studium.core.identity import Principal
from studium.runtime import problems, telemetry
from studium.runtime.database import scope_of
from studium.runtime.engines import Engines
from studium.runtime.http_trace import TraceRequests
from studium.runtime.service import Peers
from studium.runtime.tokens import UnauthenticatedError


# ── what a route asks for ─────────────────────────────────────────────────────────────────────
async def _engines(request: Request) -> Engines:
    engines: Engines = request.app.state.engines
    return engines


EnginesOf = Annotated[Engines, Depends(_engines)]


async def _peers(request: Request) -> Peers:
    peers: Peers = request.app.state.peers
    return peers


PeersOf = Annotated[Peers, Depends(_peers)]


async def _principal(request: Request, engines: EnginesOf) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("Send an access token: log in first.")
    return engines.verifier.principal(token)


Caller = Annotated[Principal, Depends(_principal)]
"""Who asks. Raises `UnauthenticatedError`."""


async def _courses(principal: Caller, engines: EnginesOf) -> AsyncIterator[AsyncSession]:
    async with engines.courses.transaction(scope_of(principal)) as session:
        yield session


# `function`: the commit comes before the answer leaves, so nobody is told what did not happen.
CoursesTransaction = Annotated[AsyncSession, Depends(_courses, scope="function")]
"""The request's transaction in the courses DB, seeing the caller's organisations."""


# ── the application ───────────────────────────────────────────────────────────────────────────
Check = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Readiness:
    """`/readyz` is 200 while the process takes work and every engine answers."""

    checks: Mapping[str, Check]
    open: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Long answers (WebSockets, streams) end when it is set."""

    def stop(self) -> None:
        self.open = False
        self.stopping.set()

    async def report(self) -> dict[str, str]:
        return {name: await _verdict(check) for name, check in self.checks.items()}


async def _verdict(check: Check) -> str:
    try:
        await check()
    except Exception as error:  # noqa: BLE001 - whatever fails, the engine is not ready
        return f"{type(error).__name__}: {error}"
    return "ok"


def create_app(
    engines: Engines, peers: Peers, routers: Sequence[APIRouter], readiness: Readiness
) -> FastAPI:
    app = FastAPI(
        title="Studium",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.engines = engines
    app.state.peers = peers
    app.state.readiness = readiness
    for router in routers:
        app.include_router(router, responses={"default": {"model": problems.Problem}})
    app.include_router(_health(readiness))
    app.add_exception_handler(StudiumError, problems.expected)
    app.add_exception_handler(RequestValidationError, problems.invalid)
    app.add_exception_handler(HTTPException, problems.http)
    app.add_exception_handler(Exception, problems.unexpected)
    app.add_middleware(TraceRequests)
    return app


def _health(readiness: Readiness) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("alive")

    @router.get("/readyz")
    async def ready() -> JSONResponse:
        report = await readiness.report()
        good = readiness.open and all(verdict == "ok" for verdict in report.values())
        return JSONResponse(
            {"ready": good, "accepting": readiness.open, "engines": report},
            status_code=200 if good else 503,
        )

    @router.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(telemetry.metrics_text(), media_type="text/plain; version=0.0.4")

    return router
