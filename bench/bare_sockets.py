"""WebSockets and nothing else, beside those of Studium: `python -m bench.bare_sockets KIND`.

`websockets` is that library's own asyncio server without compression, `starlette` a WebSocket route
on uvicorn as Studium used to have it. Both say hello, drop what they hear, and answer
`POST /broadcast` by sending its body to every socket: the library by `websockets.broadcast`,
Starlette by one `send_text` after another.
"""

import asyncio
import os
import sys
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_websockets
from websockets.http11 import Request as Asked
from websockets.http11 import Response

from studium.runtime.server import bind

HELLO = '{"type": "hello", "id": 0}'
MESSAGE = "x" * 330
"""As long as a notification."""


# ── websockets ────────────────────────────────────────────────────────────────────────────────
CONNECTIONS: set[ServerConnection] = set()


async def listen(connection: ServerConnection) -> None:
    CONNECTIONS.add(connection)
    try:
        await connection.send(HELLO)
        async for _ in connection:
            pass
    finally:
        CONNECTIONS.discard(connection)


def plain(connection: ServerConnection, asked: Asked) -> Response | None:
    if asked.path == "/ws":
        return None
    if asked.path == "/broadcast":
        broadcast(CONNECTIONS, MESSAGE)
    return connection.respond(HTTPStatus.OK, "ready")


async def library(port: int) -> None:
    with bind("127.0.0.1", port) as bound:
        async with serve_websockets(
            listen, sock=bound, compression=None, max_size=65536, process_request=plain
        ):
            await asyncio.Event().wait()


# ── Starlette ─────────────────────────────────────────────────────────────────────────────────
SOCKETS: set[WebSocket] = set()


async def route(socket: WebSocket) -> None:
    await socket.accept()
    SOCKETS.add(socket)
    try:
        await socket.send_text(HELLO)
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        SOCKETS.discard(socket)


async def send_to_all(_request: Request) -> PlainTextResponse:
    for socket in tuple(SOCKETS):
        await socket.send_text(MESSAGE)
    return PlainTextResponse("sent")


async def ready(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ready")


async def framework(port: int) -> None:
    routes = [
        WebSocketRoute("/ws", route),
        Route("/broadcast", send_to_all),
        Route("/readyz", ready),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=65536,
    )
    with bind("127.0.0.1", port) as bound:
        await uvicorn.Server(config).serve([bound])


if __name__ == "__main__":
    serving = {"websockets": library, "starlette": framework}[sys.argv[1]]
    asyncio.run(serving(int(os.environ["STUDIUM_PORT"])))
