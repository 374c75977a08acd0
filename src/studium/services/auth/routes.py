"""`/v1/auth` and the public keys."""

from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Response, status

from studium.core.errors import Kind
from studium.runtime.http import Caller, EnginesOf
from studium.runtime.openapi import answers
from studium.runtime.rates import per_address
from studium.services.auth import service, sessions
from studium.services.auth.contract import AccountView, Credentials, Registration, SessionView
from studium.services.auth.service import LogIn

COOKIE = "studium_refresh"
RefreshCookie = Annotated[str, Cookie(alias=COOKIE, max_length=512)]

router = APIRouter()


def _remember(response: Response, engines: EnginesOf, log_in: LogIn) -> SessionView:
    if log_in.refresh:
        response.set_cookie(
            COOKIE,
            log_in.refresh.encode(),
            max_age=int(sessions.LIFETIME.total_seconds()),
            path="/v1/auth",
            httponly=True,
            samesite="strict",
            secure=engines.limits.secure_cookies,
        )
    return log_in.session


@router.post(
    "/v1/auth/register",
    status_code=status.HTTP_201_CREATED,
    responses=answers(Kind.CONFLICT, Kind.TOO_MANY),
    dependencies=[Depends(per_address)],
)
async def register(wish: Registration, response: Response, engines: EnginesOf) -> SessionView:
    return _remember(response, engines, await service.register(engines, wish))


@router.post(
    "/v1/auth/login",
    responses=answers(Kind.UNAUTHENTICATED, Kind.TOO_MANY),
    dependencies=[Depends(per_address)],
)
async def log_in(wish: Credentials, response: Response, engines: EnginesOf) -> SessionView:
    return _remember(response, engines, await service.log_in(engines, wish))


@router.post("/v1/auth/refresh", responses=answers(Kind.UNAUTHENTICATED))
async def refresh(
    response: Response, engines: EnginesOf, cookie: RefreshCookie = ""
) -> SessionView:
    return _remember(response, engines, await service.refresh(engines, cookie))


@router.post(
    "/v1/auth/logout",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=answers(Kind.UNAUTHENTICATED),
)
async def log_out(response: Response, engines: EnginesOf, cookie: RefreshCookie = "") -> None:
    response.delete_cookie(COOKIE, path="/v1/auth")
    if cookie:
        await service.log_out(engines, cookie)


@router.get("/v1/auth/me")
async def me(principal: Caller, engines: EnginesOf) -> AccountView:
    return await service.me(engines, principal)


@router.get("/.well-known/jwks.json")
async def public_keys(engines: EnginesOf) -> dict[str, Any]:
    """RFC 7517."""
    return {"keys": [key.jwk() for key in engines.verifier.keys.values()]}
