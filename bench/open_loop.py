"""Requests at a fixed rate, whether the last one was answered or not: a slow answer delays no
other request, so no wait is left out of the figures (an open loop).
"""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from bench.served import Served

KEPT_SECONDS = 3
"""A server may close a connection that says nothing for longer (uvicorn: 5 s)."""


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float


@dataclass(slots=True)
class OpenLoop:
    """Asks one thing of one server over kept-alive connections, as many as are needed at a time."""

    to: Served
    path: str
    token: str = ""
    _free: list[_Connection] = field(default_factory=list)

    async def ask(self, rate: float, until: asyncio.Event) -> list[float]:
        """Milliseconds from sending to the last byte, of every request."""
        asked: list[asyncio.Task[float]] = []
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not until.is_set():
            asked.append(asyncio.create_task(self._once()))
            due += 1 / rate
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), due - loop.time())
        return list(await asyncio.gather(*asked))

    async def _once(self) -> float:
        connection = await self._connection()
        started = perf_counter()
        connection.writer.write(self._request())
        head = (await connection.reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode())
        await connection.reader.readexactly(
            int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        )
        connection.used = perf_counter()
        self._free.append(connection)
        return (connection.used - started) * 1000

    async def _connection(self) -> _Connection:
        while self._free:
            connection = self._free.pop()
            if perf_counter() - connection.used < KEPT_SECONDS:
                return connection
            connection.writer.close()
        return _Connection(*await asyncio.open_connection("127.0.0.1", self.to.port), used=0)

    def _request(self) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", "Host: bench", "Accept: application/json"]
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def close(self) -> None:
        for connection in self._free:
            connection.writer.close()
        self._free.clear()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
