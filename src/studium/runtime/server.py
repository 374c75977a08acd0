"""uvicorn as one of the loops of a process: it stops when it is cancelled, after draining."""

import asyncio
import errno
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from fastapi import FastAPI

from studium.core.errors import StudiumError
from studium.runtime.http import Readiness
from studium.runtime.websocket import Sockets


class PortTakenError(StudiumError):
    type = "port-taken"
    title = "The port is taken"


def bind(host: str, port: int) -> socket.socket:
    """Raises `PortTakenError`; binding before anything else starts leaves nothing to undo."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio and uvloop look at the protocol's number before they switch Nagle's algorithm off;
    # with it an answer's body waits 40 ms for the acknowledgement of its head (RFC 1122, 4.2.3).
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTakenError(_why(error, host, port)) from error
    bound.listen(2048)
    bound.setblocking(False)
    return bound


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Something else answers on {host}:{port}. Stop it, or choose another port:"
            f" STUDIUM_PORT={port + 1}."
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{host}:{port} cannot be opened: {reason}. Choose another STUDIUM_HOST or STUDIUM_PORT."


def address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The supervisor handles signals, for every loop of the process."""
        yield


async def serve(
    app: FastAPI,
    bound: socket.socket,
    readiness: Readiness,
    grace_seconds: float,
    trusted_proxies: str = "127.0.0.1",
    sockets: Sockets | None = None,
    lame_duck_seconds: float = 0,
) -> None:
    """Answers until cancelled: then not ready → long answers end → requests drain → return.

    `lame_duck_seconds`: how long it goes on answering although it is not ready. A gateway needs
    that to see it and to send nothing more; what it sends down a connection just as that is closed
    is lost, and may not be sent again.
    """
    sockets = sockets or Sockets({})
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=trusted_proxies,
        ws=cast("type[asyncio.Protocol]", sockets.accept),  # uvicorn only ever calls it
        timeout_graceful_shutdown=int(grace_seconds),
    )
    _allow_many_sockets()
    server = _Server(config)
    keeping_alive = asyncio.create_task(sockets.keep_alive())
    serving = asyncio.create_task(server.serve([bound]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        readiness.open = False
        await asyncio.sleep(lame_duck_seconds)
        readiness.stop()
        server.should_exit = True
        await serving
        raise
    finally:
        keeping_alive.cancel()


def _allow_many_sockets() -> None:
    """The usual soft limit of 1,024 files is one of `select`, which nobody uses here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
