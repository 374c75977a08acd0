"""`/v1/auth` and the public keys."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Request, Response, status

from studium.core.errors import Kind
from studium.runtime.http import Caller, EnginesOf
from studium.runtime.openapi import answers
from studium.runtime.origins import from_our_page
from studium.runtime.rates import address, per_address
from studium.services.auth import service, sessions
from studium.services.auth.contract import (
    AccountView,
    Credentials,
    PasswordChange,
    Registration,
    SessionView,
)
from studium.services.auth.service import LogIn

COOKIE = "studium_refresh"
SECURE_COOKIE = f"__Secure-{COOKIE}"
"""By https: browsers then take it from nobody who speaks http (RFC 6265bis section 4.1.3)."""
PATH = "/v1/auth"
"""Only this service gets the cookie; with `__Host-` each would."""

router = APIRouter()
guarded = APIRouter(dependencies=[Depends(from_our_page)])
"""What a cookie opens, or leaves one."""
HASHES = [Depends(per_address)]


async def _kept(
    engines: EnginesOf,
    plain: Annotated[str, Cookie(alias=COOKIE, max_length=512)] = "",
    secure: Annotated[str, Cookie(alias=SECURE_COOKIE, max_length=512)] = "",
) -> str:
    return secure if engines.limits.secure_cookies else plain


async def _address(request: Request) -> str:
    return address(request)


RefreshCookie = Annotated[str, Depends(_kept)]
Address = Annotated[str, Depends(_address)]


def _name(engines: EnginesOf) -> str:
    return SECURE_COOKIE if engines.limits.secure_cookies else COOKIE


def _remember(response: Response, engines: EnginesOf, log_in: LogIn) -> SessionView:
    if log_in.refresh:
        response.set_cookie(
            _name(engines),
            log_in.refresh.encode(),
            max_age=int(sessions.IDLE.total_seconds()),
            path=PATH,
            httponly=True,
            samesite="strict",
            secure=engines.limits.secure_cookies,
        )
    return log_in.session


@guarded.post(
    "/v1/auth/register",
    status_code=status.HTTP_201_CREATED,
    responses=answers(Kind.FORBIDDEN, Kind.CONFLICT, Kind.TOO_MANY),
    dependencies=HASHES,
)
async def register(wish: Registration, response: Response, engines: EnginesOf) -> SessionView:
    return _remember(response, engines, await service.register(engines, wish))


@guarded.post(
    "/v1/auth/login",
    responses=answers(Kind.FORBIDDEN, Kind.UNAUTHENTICATED, Kind.TOO_MANY),
    dependencies=HASHES,
)
async def log_in(
    wish: Credentials,
    response: Response,
    engines: EnginesOf,
    asking: Address,
    cookie: RefreshCookie,
) -> SessionView:
    """Ends the session that this browser had."""
    entered = await service.log_in(engines, wish, asking)
    with suppress(sessions.SessionEndedError):
        await service.log_out(engines, cookie)
    return _remember(response, engines, entered)


@guarded.put(
    "/v1/auth/password",
    responses=answers(Kind.FORBIDDEN, Kind.TOO_MANY),
    dependencies=HASHES,
)
async def change_password(
    wish: PasswordChange,
    principal: Caller,
    response: Response,
    engines: EnginesOf,
    asking: Address,
) -> SessionView:
    """Ends every other session of the account."""
    changed = await service.change_password(engines, principal, wish, asking)
    return _remember(response, engines, changed)


@guarded.post("/v1/auth/refresh", responses=answers(Kind.FORBIDDEN, Kind.UNAUTHENTICATED))
async def refresh(response: Response, engines: EnginesOf, cookie: RefreshCookie) -> SessionView:
    return _remember(response, engines, await service.refresh(engines, cookie))


@guarded.post(
    "/v1/auth/logout",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=answers(Kind.FORBIDDEN, Kind.UNAUTHENTICATED),
)
async def log_out(response: Response, engines: EnginesOf, cookie: RefreshCookie) -> None:
    secure = engines.limits.secure_cookies
    response.delete_cookie(
        _name(engines), path=PATH, secure=secure, httponly=True, samesite="strict"
    )
    if cookie:
        await service.log_out(engines, cookie)


router.include_router(guarded)


@router.get("/v1/auth/me")
async def me(principal: Caller, engines: EnginesOf) -> AccountView:
    return await service.me(engines, principal)


@router.get("/.well-known/jwks.json")
async def public_keys(engines: EnginesOf) -> dict[str, Any]:
    """RFC 7517."""
    return {"keys": [key.jwk() for key in engines.verifier.keys.values()]}
