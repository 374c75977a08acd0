"""The HTTP application that every process serves: health, problems, request ids, who asks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import HTTPBearer
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security.base import SecurityBase
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from studium.core.errors import StudiumError
from studium.core.identity import Principal
from studium.runtime import problems, rates, telemetry
from studium.runtime.database import scope_of
from studium.runtime.engines import Engines
from studium.runtime.http_bodies import LimitBodies
from studium.runtime.http_headers import SecurityHeaders
from studium.runtime.http_trace import TraceRequests
from studium.runtime.openapi import Described
from studium.runtime.service import Peers
from studium.runtime.tokens import UnauthenticatedError


# ── what a route asks for ─────────────────────────────────────────────────────────────────────
async def engines_of(request: Request) -> Engines:
    engines: Engines = request.app.state.engines
    return engines


EnginesOf = Annotated[Engines, Depends(engines_of)]


async def _peers(request: Request) -> Peers:
    peers: Peers = request.app.state.peers
    return peers


PeersOf = Annotated[Peers, Depends(_peers)]


class _Bearer(SecurityBase):
    """Who asks, and how often they have changed something lately."""

    scheme_name = "bearer"
    model = HTTPBearer(bearerFormat="JWT", description="`access_token` of a log-in")

    async def __call__(self, request: Request, response: Response) -> Principal:
        principal = caller(request)
        if request.method not in SAFE:
            await _count(await engines_of(request), "writes", principal, response)
        return principal


def caller(request: Request) -> Principal:
    """Who asks. Raises `UnauthenticatedError`."""
    engines: Engines = request.app.state.engines
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("Send an access token: log in first.")
    principal = engines.verifier.principal(token)
    request.state.account_id = principal.account_id  # for the log
    return principal


SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing (RFC 9110 section 9.2.1)."""
Caller = Annotated[Principal, Depends(_Bearer())]
"""Who asks. Raises `UnauthenticatedError`, `TooManyRequestsError`."""


async def _count(engines: Engines, name: str, principal: Principal, response: Response) -> None:
    limits = engines.limits.rates
    if most := getattr(limits, name):
        caller = str(principal.account_id)
        state = await rates.draw(engines.cache, name, caller, most, limits.clock())
        state.show(response)


def limited(name: Literal["uploads", "searches", "events"]) -> Any:
    """For a route's `dependencies`: this limit of the caller's account."""

    async def limit(principal: Caller, engines: EnginesOf, response: Response) -> None:
        await _count(engines, name, principal, response)

    return Depends(limit)


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


class Application(Described):
    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own layers inside, so that the answer to a mistake of ours is dressed too."""
        engines: Engines = self.state.engines
        dressed = SecurityHeaders(
            super().build_middleware_stack(), https=engines.limits.secure_cookies
        )
        return TraceRequests(dressed)


def create_app(
    engines: Engines, peers: Peers, routers: Sequence[APIRouter], readiness: Readiness
) -> FastAPI:
    app = Application(
        title="Studium",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # another spelling of an address is another address
        # `TraceRequests` makes one span around all; FastAPI's own five cost more than the route.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.engines = engines
    app.state.peers = peers
    app.state.readiness = readiness
    for router in routers:
        app.include_router(router)
    app.include_router(_health(readiness))
    app.add_middleware(LimitBodies)
    app.add_exception_handler(StudiumError, problems.expected)
    app.add_exception_handler(RequestValidationError, problems.invalid)
    app.add_exception_handler(HTTPException, problems.http)
    app.add_exception_handler(Exception, problems.unexpected)
    return app


def _health(readiness: Readiness) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/healthz", methods=[*SAFE])
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("alive")

    @router.api_route("/readyz", methods=[*SAFE])
    async def ready() -> JSONResponse:
        report = await readiness.report()
        good = readiness.open and all(verdict == "ok" for verdict in report.values())
        return JSONResponse(
            {"ready": good, "accepting": readiness.open, "engines": report},
            status_code=200 if good else 503,
        )

    @router.api_route("/metrics", methods=[*SAFE])
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(telemetry.metrics_text(), media_type="text/plain; version=0.0.4")

    return router
