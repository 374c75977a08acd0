"""Whoever is cut off and comes back misses nothing and hears nothing twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from studium.commands.process import Roles
from studium.runtime.engines import Engines
from studium.settings import Settings
from tests.conftest import running
from tests.raw_socket import RawSocket
from tests.services.realtime.cuts import Storm, listeners
from tests.services.realtime.telling import tell

RECONNECTS = 400


@pytest.fixture
async def base(settings: Settings) -> AsyncIterator[str]:
    async with running(settings, Roles(http=("realtime",))) as base:
        yield base


async def test_reconnects_at_random_cuts_leave_no_gap(base: str, engines: Engines) -> None:
    storm = Storm(base, engines, listeners(accounts=5, browsers=2))
    await storm.rage(RECONNECTS, pause_seconds=0.01)
    assert not await storm.wrong()
    assert storm.cuts >= RECONNECTS
    assert sum(each.cuts_inside for each in storm.listeners) >= RECONNECTS / 4
    assert sum((await storm.kept()).values()) > 20


async def test_a_crowd_that_comes_back_at_once_is_let_in(base: str, engines: Engines) -> None:
    crowd = listeners(accounts=400, browsers=1)
    for each in crowd[:20]:
        await tell(engines, each.account_id)
    paths = [await each.path(engines) for each in crowd]
    sockets = await asyncio.gather(*(RawSocket.open(base, path) for path in paths))
    for raw in sockets:
        await raw.answer()
    first = [await raw.message() for raw in sockets]
    assert [payload for _, payload in first[:20] if b'"id":1,' not in payload] == []
    assert {payload for _, payload in first[20:]} == {b'{"type": "hello", "id": 0}'}
    for raw in sockets:
        raw.cut()


async def test_who_reads_slowly_hears_all_in_the_end(base: str, engines: Engines) -> None:
    """What is pushed while the socket takes nothing is read from the database later."""
    listener = listeners(accounts=1, browsers=1)[0]
    raw = await listener.connect(base, engines, small=True)
    await raw.answer()
    long = "A long message. " * 1000
    for _ in range(60):
        await tell(engines, listener.account_id, long)
    await listener.listen(raw, 60)
    assert listener.seen == list(range(1, 61))
    await tell(engines, listener.account_id)
    await listener.listen(raw, 61)
    assert listener.seen[-2:] == [60, 61]
    raw.cut()


async def test_a_long_absence_is_read_page_by_page(base: str, engines: Engines) -> None:
    listener = listeners(accounts=1, browsers=1)[0]
    for _ in range(120):
        await tell(engines, listener.account_id)
    await listener.until_seen(base, engines, 120)
    assert listener.seen == list(range(1, 121))
