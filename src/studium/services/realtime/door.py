"""Who may open a WebSocket: the holder of a ticket, once."""

import asyncio
from urllib.parse import parse_qs

from pydantic import TypeAdapter, ValidationError

from studium.runtime.engines import Engines
from studium.runtime.websocket import POLICY_VIOLATION, Socket
from studium.services.realtime import service
from studium.services.realtime.connection import Connection
from studium.services.realtime.contract import Number
from studium.services.realtime.hub import Hub
from studium.services.realtime.service import TicketEndedError

PLACES = 8
"""Tickets that are looked at together. When thousands come back at once, each call to the cache
still has a connection, and is answered within its time-out."""
TICKET_CHARACTERS = 100
_NUMBER: TypeAdapter[int] = TypeAdapter(Number)


class Door:
    def __init__(self, engines: Engines, hub: Hub) -> None:
        self._engines = engines
        self._hub = hub
        self._places = asyncio.Semaphore(PLACES)

    async def let_in(self, socket: Socket, query: str) -> None:
        """`query`: `ticket`, and `since` where the browser has been here before."""
        asked = parse_qs(query)
        try:
            since = _NUMBER.validate_python(asked["since"][-1]) if "since" in asked else None
        except ValidationError:
            socket.close(POLICY_VIOLATION, "since is not a number of a notification")
            return
        ticket = asked.get("ticket", [""])[-1][:TICKET_CHARACTERS]
        async with self._places:
            if not socket.open:
                return  # it gave up waiting; its ticket lives on
            try:
                account_id = await service.redeem_ticket(self._engines.cache, ticket)
            except TicketEndedError as error:
                socket.note_refusal(error.type)
                socket.close(POLICY_VIOLATION, error.type)
                return
        connection = Connection(account_id, socket, self._hub.backlog, self._hub.leave)
        socket.listen(connection)
        if socket.open:
            await self._hub.join(connection)
            await connection.greet(since)
