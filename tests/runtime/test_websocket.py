"""Open WebSockets: what they keep of whom, and who is shown out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from studium.runtime.http import Readiness
from studium.runtime.server import bind, serve
from studium.runtime.websocket import (
    HIGH_WATER_BYTES,
    MESSAGE_BYTES,
    PING_SECONDS,
    Socket,
    Sockets,
    text_frame,
)
from tests.raw_socket import CLOSE, PATIENCE, PING, PONG, TEXT, RawSocket


class Behind:
    """What stands behind the sockets of a test."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.told: list[str] = []
        self.changed = asyncio.Event()

    async def let_in(self, socket: Socket, query: str) -> None:
        if query == "fails":
            raise RuntimeError("planted")
        self.sockets.append(socket)
        socket.listen(self)
        socket.send(text_frame(query.encode()))

    def drained(self) -> None:
        self.told.append("drained")
        self.changed.set()

    def left(self) -> None:
        self.told.append("left")
        self.changed.set()

    async def hears(self, news: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while news not in self.told:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def behind() -> Behind:
    return Behind()


@asynccontextmanager
async def serving(sockets: Sockets) -> AsyncIterator[str]:
    bound = bind("127.0.0.1", 0)
    task = asyncio.create_task(serve(FastAPI(), bound, Readiness({}), 5, sockets=sockets))
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bound.close()


@pytest.fixture
async def sockets(behind: Behind) -> Sockets:
    return Sockets({"/ws": behind.let_in}, closing_seconds=0.1)


@pytest.fixture
async def base(sockets: Sockets) -> AsyncIterator[str]:
    async with serving(sockets) as base:
        yield base


async def opened(base: str, *, small: bool = False) -> RawSocket:
    raw = await RawSocket.open(base, "/ws?hello", small=small)
    assert b" 101 " in await raw.answer()
    assert await raw.frame() == (TEXT, b"hello")
    return raw


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what changes has no event of its own
            await asyncio.sleep(0.01)


def beat(sockets: Sockets) -> None:
    for turn in range(PING_SECONDS):
        sockets.beat(turn)


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
async def test_a_message_of_any_length_arrives(base: str, behind: Behind, length: int) -> None:
    raw = await opened(base)
    message = b"x" * length
    behind.sockets[0].send(text_frame(message))
    assert await raw.frame() == (TEXT, message)


async def test_another_path_is_no_websocket(base: str) -> None:
    raw = await RawSocket.open(base, "/elsewhere")
    assert b" 404 " in await raw.answer()
    await raw.ends()


async def test_a_failure_behind_it_closes_the_socket(base: str) -> None:
    raw = await RawSocket.open(base, "/ws?fails")
    await raw.answer()
    opcode, payload = await raw.frame()
    assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1011)


async def test_what_the_other_side_says_is_dropped(base: str, behind: Behind) -> None:
    raw = await opened(base)
    raw.send(TEXT, b"hello?")
    raw.send(TEXT, b"in two ", final=False)
    raw.send(0, b"pieces")
    raw.send(PING, b"there?")
    assert await raw.frame() == (10, b"there?")
    behind.sockets[0].send(text_frame(b"still here"))
    assert await raw.frame() == (TEXT, b"still here")


@pytest.mark.parametrize("pieces", [1, 2])
async def test_what_is_too_long_ends_the_socket(base: str, behind: Behind, pieces: int) -> None:
    raw = await opened(base)
    raw.send(TEXT, b"x" * (MESSAGE_BYTES - 1), final=False)
    for _ in range(pieces):
        raw.send(0, b"x", final=False)
    raw.send(0, b"x")
    opcode, payload = await raw.frame()
    assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1009)
    await raw.ends()
    await behind.hears("left")


async def test_garbage_ends_the_socket(base: str, behind: Behind) -> None:
    raw = await opened(base)
    raw.writer.write(b"\xff" * 64)
    assert (await raw.frame())[0] == CLOSE
    await behind.hears("left")


async def test_who_closes_is_answered(base: str, behind: Behind) -> None:
    raw = await opened(base)
    raw.send(CLOSE, (1000).to_bytes(2) + b"bye")
    assert await raw.frame() == (CLOSE, (1000).to_bytes(2) + b"bye")
    await raw.ends()
    assert not behind.sockets[0].open
    await behind.hears("left")
    assert behind.told.count("left") == 1


async def test_who_answers_pings_stays_and_who_does_not_goes(
    base: str, sockets: Sockets, behind: Behind
) -> None:
    there, gone = await opened(base), await opened(base)
    beat(sockets)
    assert await there.frame() == await gone.frame() == (PING, b"")
    there.writer.write(PONG)
    socket = behind.sockets[0]
    await until(lambda: socket._heard)
    beat(sockets)
    assert await there.frame() == (PING, b"")
    opcode, payload = await gone.frame()
    assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1011)
    await gone.ends()
    assert socket.open


async def test_who_does_not_answer_a_close_is_cut(base: str, behind: Behind) -> None:
    raw = await opened(base)
    behind.sockets[0].close(1008, "no")
    assert await raw.frame() == (CLOSE, (1008).to_bytes(2) + b"no")
    await behind.hears("left")
    await raw.ends()


async def test_a_slow_reader_is_given_no_more_than_it_reads(base: str, behind: Behind) -> None:
    raw = await opened(base, small=True)
    socket = behind.sockets[0]
    frame, sent = text_frame(b"x" * 4000), 0
    while socket.writable:
        socket.send(frame)
        sent += 1
        await asyncio.sleep(0)
        assert sent < 10_000
    assert socket._transport.get_write_buffer_size() <= HIGH_WATER_BYTES + len(frame)
    for _ in range(sent):
        assert await raw.frame() == (TEXT, b"x" * 4000)
    await behind.hears("drained")
    assert socket.writable


async def test_a_slow_reader_that_never_reads_goes(
    base: str, sockets: Sockets, behind: Behind
) -> None:
    raw = await opened(base, small=True)
    socket = behind.sockets[0]
    while socket.writable:
        socket.send(text_frame(b"x" * 4000))
    beat(sockets)
    beat(sockets)
    await behind.hears("left")
    assert not socket._transport.get_write_buffer_size()
    raw.cut()


async def test_a_stopping_server_closes_every_socket(sockets: Sockets, behind: Behind) -> None:
    async with serving(sockets) as base:
        some = [await opened(base) for _ in range(5)]
    for raw in some:
        opcode, payload = await raw.frame()
        assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1012)
        assert payload[2:].startswith(b"retry in ")
    assert behind.told.count("left") == 5


async def test_another_site_s_page_opens_no_socket(base: str, behind: Behind) -> None:
    """Cross-site WebSocket hijacking; whoever sends no origin is no browser."""
    with capture_logs() as written:
        foreign = await RawSocket.open(base, "/ws?x", more="Origin: https://elsewhere.test\r\n")
        assert b"403" in await foreign.answer()
    assert [(each["event"], each["type"]) for each in written] == [
        ("websocket.refused", "foreign-origin")
    ]
    assert not behind.sockets
    ours = await RawSocket.open(base, "/ws?x", more="Origin: http://test\r\n")
    assert b"101" in await ours.answer()
    ours.cut()
