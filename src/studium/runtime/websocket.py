"""WebSockets (RFC 6455) for crowds that mostly wait: an open one is two objects and no task.

uvicorn hands each upgraded connection to a `Socket`, because `Sockets.accept` is its `ws` class. So
nothing of an ASGI application is kept alive for the hours that a browser listens. Nothing is
expected from the other side: messages are read within a limit and dropped.
"""

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, cast

import structlog
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from studium.runtime import telemetry
from studium.runtime.origins import is_ours

log = structlog.get_logger()

POLICY_VIOLATION, INTERNAL_ERROR, SERVICE_RESTART, TRY_AGAIN_LATER = 1008, 1011, 1012, 1013
"""RFC 6455 section 7.4.1 and IANA's registry."""
MESSAGE_BYTES = 64 * 1024
"""The longest message that is read from the other side."""
HIGH_WATER_BYTES = 16 * 1024
"""What waits in this process for a slow reader before its socket is no longer writable."""
OPENING_SECONDS, CLOSING_SECONDS = 30.0, 10.0
PING_SECONDS = 20
"""Who is silent between two pings is gone: noticed after 20 to 40 seconds."""
PING = Frame(Opcode.PING, b"").serialize(mask=False)


def text_frame(message: bytes) -> bytes:
    """One final, unmasked frame (RFC 6455 section 5.2); many sockets may be sent the same."""
    length = len(message)
    if length < 126:  # noqa: PLR2004 - the format's own number
        return struct.pack("!BB", 0x81, length) + message
    if length < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, length) + message
    return struct.pack("!BBQ", 0x81, 127, length) + message


class Listener(Protocol):
    """What stands behind an open socket."""

    def drained(self) -> None:
        """The socket may be written to again."""
        ...

    def left(self) -> None:
        """The other side is gone; called once."""
        ...


Endpoint = Callable[["Socket", str], Awaitable[None]]
"""`(socket, query string)`: lets the other side in, or closes the socket. Then it returns."""


class Socket(asyncio.Protocol):
    __slots__ = (
        "_closing",
        "_heard",
        "_listener",
        "_rfc6455",
        "_sockets",
        "_transport",
        "writable",
    )

    def __init__(self, sockets: "Sockets") -> None:
        self._sockets = sockets
        self._rfc6455 = ServerProtocol(max_size=MESSAGE_BYTES)
        self._transport: asyncio.Transport
        self._listener: Listener | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._heard = True
        self.writable = True

    @property
    def open(self) -> bool:
        return self._rfc6455.state is State.OPEN and not self._transport.is_closing()

    def listen(self, listener: Listener) -> None:
        self._listener = listener
        if not self.open:
            self._leave()

    def send(self, frame: bytes) -> None:
        """What is sent to a socket that is closed is lost."""
        if self.open:
            self._transport.write(frame)

    def close(self, code: int, reason: str = "") -> None:
        if self.open:
            self._rfc6455.send_close(code, reason)
            self._write()
            self._end_soon()

    def note_refusal(self, kind: str) -> None:
        """For who watches over the place (docs/security.md)."""
        peer = self._transport.get_extra_info("peername") or ("",)
        log.info("websocket.refused", type=kind, client=peer[0])

    def beat(self) -> None:
        """One turn of the keep-alive: is it still there?"""
        if not self._heard:
            if self.open:
                self._rfc6455.fail(INTERNAL_ERROR, "keepalive ping timeout")
                self._write()
        elif self.writable:
            self._heard = False
            self.send(PING)
        else:
            self._heard = False  # draining counts as a sign of life

    def shutdown(self) -> None:
        """Called by uvicorn when the process stops."""
        if self._rfc6455.state is State.CONNECTING:
            self._transport.close()
        # The jitter spreads the browsers' return over the replicas that stay.
        self.close(SERVICE_RESTART, f"retry in {random.randint(200, 3000)} ms")

    # ── what asyncio calls ────────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._sockets.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._sockets.connections.discard(self)
        self._sockets.forget(self)
        if self._closing:
            self._closing.cancel()
            self._closing = None
        self._leave()

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = self._heard = True
        if self._listener:
            self._listener.drained()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._rfc6455.receive_data(data)
        for event in self._rfc6455.events_received():
            if isinstance(event, Request):
                self._answer(event)
        self._write()

    # ── inside ────────────────────────────────────────────────────────────────────────────────
    def _answer(self, request: Request) -> None:
        path, _, query = request.path.partition("?")
        endpoint = self._sockets.endpoints.get(path)
        if endpoint is None:
            response = self._rfc6455.reject(HTTPStatus.NOT_FOUND, "No WebSocket is here.\n")
        elif not is_ours(request.headers, self._sockets.public_url):
            self.note_refusal("foreign-origin")
            response = self._rfc6455.reject(HTTPStatus.FORBIDDEN, "Another site asked for this.\n")
        else:
            response = self._rfc6455.accept(request)
        self._rfc6455.send_response(response)
        if endpoint and self._rfc6455.state is State.OPEN:
            self._sockets.admit(self, endpoint, query)

    def _write(self) -> None:
        for data in self._rfc6455.data_to_send():
            if data:
                self._transport.write(data)
            else:  # after the last byte (websockets: SEND_EOF)
                self._end_soon()
                self._transport.close()

    def _end_soon(self) -> None:
        """Whoever does not answer a close, or does not read what is left, holds nothing here."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(
                self._sockets.closing_seconds, self._transport.abort
            )

    def _leave(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            listener.left()


class Sockets:
    """The WebSockets of this process, by path."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        public_url: str = "",
        closing_seconds: float = CLOSING_SECONDS,
    ) -> None:
        self.endpoints = endpoints
        self.public_url = public_url
        self.closing_seconds = closing_seconds
        self.connections: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: tuple[set[Socket], ...] = tuple(set() for _ in range(PING_SECONDS))

    def accept(self, *, server_state: ServerState, **_: Any) -> Socket:
        # uvicorn closes these, and waits for these, when the process stops.
        self.connections, self._tasks = server_state.connections, server_state.tasks
        return Socket(self)

    def admit(self, socket: Socket, endpoint: Endpoint, query: str) -> None:
        self._turn(socket).add(socket)
        telemetry.websockets_open(+1)
        opening = asyncio.get_running_loop().create_task(self._open(socket, endpoint, query))
        self._tasks.add(opening)
        opening.add_done_callback(self._tasks.discard)

    async def _open(self, socket: Socket, endpoint: Endpoint, query: str) -> None:
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await endpoint(socket, query)
        except TimeoutError:
            socket.close(TRY_AGAIN_LATER, "Too many come at once. Come back in a moment.")
        except Exception:
            log.exception("websocket.failed")
            socket.close(INTERNAL_ERROR)

    def forget(self, socket: Socket) -> None:
        turn = self._turn(socket)
        if socket in turn:
            turn.remove(socket)
            telemetry.websockets_open(-1)

    def _turn(self, socket: Socket) -> set[Socket]:
        return self._turns[hash(socket) % len(self._turns)]

    async def keep_alive(self) -> None:
        """One timer for all: each second a twentieth of the sockets is asked for a sign of life."""
        while True:
            for turn in range(PING_SECONDS):
                await asyncio.sleep(1)
                self.beat(turn)

    def beat(self, turn: int) -> None:
        for socket in tuple(self._turns[turn]):
            socket.beat()
