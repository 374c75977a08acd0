"""One WebSocket: every notification after `since` once and in order, whatever the fan-out loses.

While a reader is slow, or has missed something, nothing is kept for it here: what it lacks is read
from the database when it can be sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from studium.core import topics
from studium.core.errors import EngineUnavailableError
from studium.runtime.websocket import INTERNAL_ERROR, TRY_AGAIN_LATER, Socket, text_frame
from studium.services.realtime.backlog import Backlog
from studium.services.realtime.contract import NotificationView

log = structlog.get_logger()


class Connection:
    __slots__ = (
        "_backlog",
        "_behind",
        "_catching_up",
        "_greeted",
        "_leave",
        "_newest",
        "_sent",
        "_socket",
        "account_id",
    )

    def __init__(
        self,
        account_id: UUID,
        socket: Socket,
        backlog: Backlog,
        leave: Callable[["Connection"], None],
    ) -> None:
        self.account_id = account_id
        self._socket = socket
        self._backlog = backlog
        self._leave = leave
        self._sent = 0
        self._newest = 0
        """That was heard of."""
        self._behind = True
        """What is pushed is only heard of: it will be read."""
        self._greeted = False
        self._catching_up: asyncio.Task[None] | None = None

    async def greet(self, since: int | None) -> None:
        """Call once the account's topic is heard."""
        self._catching_up = asyncio.current_task()
        try:
            await self._begin(since)
        except EngineUnavailableError as error:
            self._socket.close(TRY_AGAIN_LATER, error.type)
        finally:
            self._catching_up = None

    # ── called by the hub ─────────────────────────────────────────────────────────────────────
    def push(self, number: int | None, frame: bytes) -> None:
        """A message of the account's topic; progress has no number, and may be lost."""
        live = self._socket.writable and not self._behind
        if number is None:
            if live:
                self._socket.send(frame)
        elif live and number == self._sent + 1:
            self._socket.send(frame)
            self._sent = number
        else:
            self.hear_of(number)

    def hear_of(self, newest: int) -> None:
        """Notifications up to this number are stored."""
        self._newest = max(self._newest, newest)
        if self._newest > self._sent and not self._behind:
            self._behind = True
            self.drained()

    # ── called by the socket ──────────────────────────────────────────────────────────────────
    def drained(self) -> None:
        if self._behind and self._catching_up is None and self._socket.writable:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up_or_close())

    def left(self) -> None:
        self._leave(self)

    # ── inside ────────────────────────────────────────────────────────────────────────────────
    async def _begin(self, since: int | None) -> None:
        newest, missed = await self._backlog.after((self.account_id, since))
        if since is not None and since > newest:
            self._say(type="reset", id=newest)
        self._sent = newest if since is None or since > newest else since
        if not self._take(0, newest, missed):
            await self._catch_up()

    async def _catch_up_or_close(self) -> None:
        try:
            await self._catch_up()
        except EngineUnavailableError:
            self._behind = False  # the next push tries again, or the hub's next look
        except Exception:
            log.exception("realtime.connection_failed")
            self._socket.close(INTERNAL_ERROR)
        finally:
            self._catching_up = None

    async def _catch_up(self) -> None:
        """Ends early while the reader is slow; `drained` goes on."""
        while self._socket.open and self._socket.writable:
            heard = self._newest
            newest, missed = await self._backlog.after((self.account_id, self._sent))
            if self._take(heard, newest, missed):
                return

    def _take(self, heard: int, newest: int, missed: Sequence[NotificationView]) -> bool:
        """Whether nothing is missing now. `heard`: before the snapshot of `newest` and `missed`."""
        for notification in missed:
            if not self._socket.writable:
                return False
            self._socket.send(text_frame(notification.model_dump_json().encode()))
            self._sent = notification.id
        if self._sent < newest or self._newest > max(heard, newest):
            return False
        self._behind, self._newest = False, self._sent
        if not self._greeted:
            self._greeted = True
            self._say(type="hello", id=self._sent)
        return True

    def _say(self, **fields: Any) -> None:
        self._socket.send(text_frame(topics.message(**fields)))
