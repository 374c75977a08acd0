"""Notifications: gapless per person, on any replica, whatever the fan-out loses."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from studium.commands.process import Roles
from studium.runtime import telemetry
from studium.runtime.engines import Engines
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, assert_gapless, heard_until
from tests.services.conftest import Person
from tests.services.realtime.telling import tell

HTTP = Roles(http=("auth", "courses", "library", "notes", "realtime"))


class Silent:
    """A fan-out that loses everything."""

    async def publish(self, _topic: str, _message: bytes) -> None:
        return


async def told(engines: Engines, account_id: UUID, kind: str, fanout: Any = None) -> None:
    await tell(engines, account_id, message=kind, kind=kind, fanout=fanout)


async def person(base: str) -> tuple[Browser, UUID]:
    browser = Browser(base)
    await browser.register("listener")
    return browser, UUID((await browser.ok("GET", "/v1/auth/me"))["id"])


async def test_what_was_missed_comes_first_and_then_what_happens(
    settings: Settings, engines: Engines
) -> None:
    async with running(settings, HTTP) as base:
        browser, account = await person(base)
        for number in range(3):
            await told(engines, account, f"missed.{number}")
        async with browser.listening(since=1) as heard:
            await heard_until(heard, "hello")
            await told(engines, account, "live")
            messages = await heard_until(heard, "live")
        assert messages[-1]["id"] == 4
        async with browser.listening(since=1) as heard:
            again = await heard_until(heard, "live")
        numbers = [each["id"] for each in again if each["type"] != "hello"]
        assert numbers == [2, 3, 4]


async def test_any_replica_serves_any_person(settings: Settings, engines: Engines) -> None:
    async with running(settings, HTTP) as one, running(settings, HTTP) as two:
        browser, account = await person(one)
        other = Browser(two)
        other.api.headers.update(browser.api.headers)
        async with browser.listening() as here, other.listening() as there:
            await heard_until(here, "hello")
            await heard_until(there, "hello")
            await told(engines, account, "everywhere")
            await heard_until(here, "everywhere")
            await heard_until(there, "everywhere")


async def test_a_lost_push_is_found_at_the_next_one(settings: Settings, engines: Engines) -> None:
    async with running(settings, HTTP) as base:
        browser, account = await person(base)
        async with browser.listening() as heard:
            await heard_until(heard, "hello")
            await told(engines, account, "lost", Silent())
            await told(engines, account, "next")
            messages = await heard_until(heard, "next")
    assert [each["type"] for each in messages] == ["lost", "next"]
    assert_gapless(messages)


async def test_many_at_once_leave_no_gap(settings: Settings, engines: Engines) -> None:
    async with running(settings, HTTP) as base:
        browser, account = await person(base)
        async with browser.listening() as heard:
            await asyncio.gather(*(told(engines, account, "burst") for _ in range(20)))
            await told(engines, account, "end")
            messages = await heard_until(heard, "end")
    assert_gapless(messages)


async def test_a_future_since_is_reset(settings: Settings) -> None:
    async with running(settings, HTTP) as base:
        browser, _ = await person(base)
        async with browser.listening(since=99) as heard:
            assert (await heard_until(heard, "hello"))[0] == {"type": "reset", "id": 0}


@pytest.mark.parametrize("since", ["-1", "x", "1.5", str(2**53)])
async def test_a_since_that_is_no_number_is_refused(settings: Settings, since: str) -> None:
    async with running(settings, HTTP) as base:
        browser, _ = await person(base)
        ticket = (await browser.ok("POST", "/v1/realtime/ticket"))["ticket"]
        url = f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}&since={since}"
        async with connect(url) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert socket.close_code == 1008


async def test_open_sockets_are_counted(settings: Settings) -> None:
    async with running(settings, HTTP) as base:
        browser, _ = await person(base)
        before = telemetry.metrics_text()
        async with browser.listening() as heard:
            await heard_until(heard, "hello")
            assert _open(telemetry.metrics_text()) == _open(before) + 1
    assert _open(telemetry.metrics_text()) == _open(before)


def _open(metrics: str) -> float:
    line = next(each for each in metrics.splitlines() if each.startswith("studium_websockets_open"))
    return float(line.split()[1])


async def test_a_ticket_opens_one_socket(settings: Settings) -> None:
    async with running(settings, HTTP) as base:
        browser, _ = await person(base)
        ticket = (await browser.ok("POST", "/v1/realtime/ticket"))["ticket"]
        url = f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}"
        async with connect(url) as first:
            await first.recv()
        for bad in (url, url + "x", url.split("?", maxsplit=1)[0]):
            async with connect(bad) as second:
                with pytest.raises(ConnectionClosed):
                    await second.recv()


async def test_a_stopping_process_asks_browsers_to_come_back(settings: Settings) -> None:
    async with running(settings, HTTP) as base:
        browser, _ = await person(base)
        ticket = (await browser.ok("POST", "/v1/realtime/ticket"))["ticket"]
        socket = await connect(f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}")
        await socket.recv()
    with pytest.raises(ConnectionClosed):
        await socket.recv()
    assert (socket.close_code, str(socket.close_reason).startswith("retry in")) == (1012, True)


async def test_notifications_are_listed_and_marked_read(ada: Person, engines: Engines) -> None:
    for number in range(3):
        await told(engines, UUID(ada.account["id"]), f"n.{number}")
    page = (await ada.api.get("/v1/notifications?limit=2")).json()
    assert ([each["id"] for each in page["items"]], page["unread"], page["next"]) == ([3, 2], 3, 2)
    rest = (await ada.api.get(f"/v1/notifications?cursor={page['next']}")).json()
    assert [each["id"] for each in rest["items"]] == [1]
    assert (await ada.api.post("/v1/notifications/read", json={"up_to": 2})).status_code == 204
    assert (await ada.api.get("/v1/notifications")).json()["unread"] == 1
