"""`/v1/realtime`, `/v1/ws` and `/v1/notifications`."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect, status

from studium.runtime.engines import Engines
from studium.runtime.http import Caller, CoursesTransaction, EnginesOf
from studium.runtime.origins import is_ours
from studium.runtime.service import Peers
from studium.services.realtime import service
from studium.services.realtime.connection import Connection
from studium.services.realtime.contract import NotificationList, Number, ReadUpTo, TicketView
from studium.services.realtime.hub import Hub
from studium.services.realtime.service import TicketEndedError

log = structlog.get_logger()
router = APIRouter()
POLICY_VIOLATION, SERVICE_RESTART = 1008, 1012  # RFC 6455 section 7.4.1 and IANA's registry


@router.post("/v1/realtime/ticket")
async def ticket(principal: Caller, engines: EnginesOf) -> TicketView:
    return TicketView(ticket=await service.issue_ticket(engines.cache, principal.account_id))


@router.get("/v1/notifications")
async def notifications(
    principal: Caller,
    session: CoursesTransaction,
    cursor: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> NotificationList:
    return await service.listed(session, principal.account_id, cursor, limit)


@router.post("/v1/notifications/read", status_code=status.HTTP_204_NO_CONTENT)
async def mark_read(wish: ReadUpTo, principal: Caller, session: CoursesTransaction) -> None:
    await service.mark_read(session, principal.account_id, wish.up_to)


@router.websocket("/v1/ws")
async def listen(
    socket: WebSocket,
    ticket: Annotated[str, Query(max_length=100)] = "",
    since: Number | None = None,
) -> None:
    engines: Engines = socket.app.state.engines
    peers: Peers = socket.app.state.peers
    if not is_ours(socket, engines.limits.public_url):
        _note(socket, "foreign-origin")
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    try:
        account_id = await service.redeem_ticket(engines.cache, ticket)
    except TicketEndedError as error:
        _note(socket, error.type)
        await socket.close(POLICY_VIOLATION, error.type)
        return
    hub = peers.get(Hub)
    connection = Connection(account_id, engines.courses, socket.send_text)
    async with hub.joined(connection):
        await _until_closed(socket, connection.run(since))


def _note(socket: WebSocket, why: str) -> None:
    log.info("realtime.refused", type=why, client=socket.client.host if socket.client else "")


async def _until_closed(socket: WebSocket, sending: Awaitable[None]) -> None:
    """Ends when the browser leaves, the sender fails or the process stops."""
    stopping: asyncio.Event = socket.app.state.readiness.stopping
    tasks = {
        asyncio.ensure_future(sending),
        asyncio.create_task(_drain(socket)),
        asyncio.create_task(stopping.wait()),
    }
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    if stopping.is_set():
        # The jitter spreads the browsers' return over the replicas that stay.
        await socket.close(SERVICE_RESTART, f"retry in {random.randint(200, 3000)} ms")
    for task in done:
        if (error := task.exception()) and not isinstance(error, WebSocketDisconnect):
            raise error


async def _drain(socket: WebSocket) -> None:
    """Nothing is expected from the browser; reading is how its leaving is noticed."""
    while True:
        await socket.receive_text()
