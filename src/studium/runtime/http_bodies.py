"""What a request says: JSON is read into memory whole, so it ends at a mebibyte; files stream."""

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 1024 * 1024
"""A hundred times the longest description of a course."""
_LONG = "long_body"


async def may_be_long(request: Request) -> None:
    """A dependency of routes that stream their body and count it themselves."""
    setattr(request.state, _LONG, True)


async def streamed(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `ConnectionError` where the client breaks off, a word that a
    service knows without knowing the web framework.
    """
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise ConnectionResetError from error


class LimitBodies:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            # Asked only now: by the time that a body is read, the route has been found.
            if read > BODY_BYTES and not scope.get("state", {}).get(_LONG):
                raise HTTPException(413, "Nothing was changed. Send less than 1 MiB.")
            return message

        await self._app(scope, counted, send)
