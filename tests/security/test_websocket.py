"""The WebSocket, which OpenAPI cannot describe: without a ticket nothing is heard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from studium.commands.process import Roles
from studium.runtime.engines import Engines
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, heard_until
from tests.services.realtime.test_realtime import told

POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1


@pytest.fixture(scope="module")
async def base(settings: Settings) -> AsyncIterator[str]:
    async with running(settings, Roles(http=("auth", "realtime"))) as base:
        yield base


async def ticket_of(browser: Browser) -> str:
    return str((await browser.ok("POST", "/v1/realtime/ticket"))["ticket"])


async def no_ticket(browser: Browser, engines: Engines) -> str:
    return ""


async def an_invented_ticket(browser: Browser, engines: Engines) -> str:
    return "x" * 32


async def an_access_token(browser: Browser, engines: Engines) -> str:
    return str(browser.api.headers["authorization"].removeprefix("Bearer "))[:100]


async def a_used_ticket(browser: Browser, engines: Engines) -> str:
    ticket = await ticket_of(browser)
    assert await engines.cache.take(f"ticket:{ticket}")
    return ticket


async def a_ticket_that_ended(browser: Browser, engines: Engines) -> str:
    ticket = await ticket_of(browser)
    await engines.cache.forget(f"ticket:{ticket}")
    return ticket


async def refusal(base: str, query: str) -> tuple[int, str]:
    async with connect(f"{base.replace('http', 'ws', 1)}/v1/ws{query}") as socket:
        return await _closed(socket)


async def _closed(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize(
    "found",
    [no_ticket, an_invented_ticket, an_access_token, a_used_ticket, a_ticket_that_ended],
    ids=lambda found: found.__name__,
)
async def test_without_a_good_ticket_nothing_is_heard(
    base: str, engines: Engines, found: Callable[[Browser, Engines], Awaitable[str]]
) -> None:
    browser = Browser(base)
    await browser.register("listener")
    ticket = await found(browser, engines)
    assert await refusal(base, f"?ticket={ticket}") == (POLICY_VIOLATION, "ticket-ended")


async def test_a_ticket_opens_one_socket(base: str) -> None:
    browser = Browser(base)
    await browser.register("listener")
    ticket = await ticket_of(browser)
    url = f"{base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}"
    async with connect(url) as first, connect(url) as second:
        assert "hello" in await first.recv()
        assert await _closed(second) == (POLICY_VIOLATION, "ticket-ended")


async def test_one_hears_ones_own(base: str, engines: Engines) -> None:
    ada, mallory = Browser(base), Browser(base)
    for name, browser in (("ada", ada), ("mallory", mallory)):
        await browser.register(name)
    accounts = [UUID((await each.ok("GET", "/v1/auth/me"))["id"]) for each in (ada, mallory)]
    async with ada.listening() as hers, mallory.listening() as theirs:
        await heard_until(theirs, "hello")
        await told(engines, accounts[0], "for.ada")
        await heard_until(hers, "for.ada")
        await told(engines, accounts[1], "for.mallory")
        heard = await heard_until(theirs, "for.mallory")
    assert [each["type"] for each in heard] == ["for.mallory"]


async def test_a_ticket_of_any_length_is_none(base: str) -> None:
    """What is looked up is cut at a length that no ticket has."""
    assert await refusal(base, f"?ticket={'x' * 4000}") == (POLICY_VIOLATION, "ticket-ended")
