"""One replica of every service, as a gateway sees it: each answers who it is and what it was asked.

`python -m tests.gateway.echo KEYS.json NAME=PORT …`. What else it does is told by requests:
`?slow=SECONDS` answers later, `POST /be/unready` makes `/readyz` 503, `POST /be/broken` drops each
connection that asks for anything else, `POST /be/well` ends both.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Replica:
    def __init__(self, service: str, port: int, keys: bytes) -> None:
        self._service, self._port, self._keys = service, port, keys
        self._state = "well"
        self._app = Starlette(
            routes=[
                Route("/readyz", self._ready),
                Route("/be/{state}", self._be, methods=["POST"]),
                Route("/.well-known/jwks.json", self._jwks),
                WebSocketRoute("/v1/ws", self._repeat),
                Route("/{path:path}", self._tell, methods=METHODS),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        spared = scope["path"] == "/readyz" or scope["path"].startswith("/be/")
        if self._state == "broken" and not spared:
            _drop(send)
            return
        await self._app(scope, receive, send)

    async def _ready(self, _: Request) -> Response:
        return Response(status_code=503 if self._state == "unready" else 200)

    async def _be(self, request: Request) -> Response:
        self._state = request.path_params["state"]
        return Response(status_code=204)

    async def _jwks(self, _: Request) -> Response:
        return Response(self._keys, media_type="application/json")

    async def _repeat(self, socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(f"{self._service}: {text}")

    async def _tell(self, request: Request) -> Response:
        body = [len(chunk) async for chunk in request.stream()]
        await asyncio.sleep(float(request.query_params.get("slow", 0)))
        return JSONResponse(
            {
                "service": self._service,
                "port": self._port,
                "method": request.method,
                "path": request.url.path,
                "bytes": sum(body),
                "authorization": request.headers.get("authorization"),
            },
            headers={"x-answered": f"{self._service} {request.method}"},
        )


def _drop(send: Send) -> None:
    """No answer, as of a process that dies in the middle of one."""
    cycle = cast("RequestResponseCycle", send.__self__)  # type: ignore[attr-defined]
    cycle.transport.abort()


async def main(keys: bytes, ports: dict[str, int]) -> None:
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                Replica(service, port, keys), port=port, log_level="critical", lifespan="off"
            )
        )
        for service, port in ports.items()
    ]
    await asyncio.gather(*(server.serve() for server in servers))


if __name__ == "__main__":
    told = dict(each.split("=") for each in sys.argv[2:])
    asyncio.run(
        main(Path(sys.argv[1]).read_bytes(), {name: int(port) for name, port in told.items()})
    )
