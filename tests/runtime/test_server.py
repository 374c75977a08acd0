"""HTTP/1.1 as it is on the wire: where a message ends, and who is believed to have sent it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request

from studium.runtime.http import Readiness
from studium.runtime.server import bind, serve


@asynccontextmanager
async def served(trusted_proxies: str = "127.0.0.1") -> AsyncIterator[int]:
    app = FastAPI()

    @app.post("/")
    async def echo(request: Request) -> str:
        sent = (await request.body()).decode()
        return f"{request.client.host if request.client else None} sent {sent}"

    with bind("127.0.0.1", 0) as bound:
        serving = asyncio.create_task(serve(app, bound, Readiness({}), 2, trusted_proxies))
        yield bound.getsockname()[1]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def say(port: int, *lines: str, body: str = "") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "\r\n".join(("POST / HTTP/1.1", "Host: a.test", "Connection: close", *lines))
    writer.write(f"{head}\r\n\r\n{body}".encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer.decode()


SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 48", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: +5",),
        ("Content-Length: 5, 5",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
        ("X: y\nTransfer-Encoding: chunked",),
    ],
)
async def test_a_message_whose_end_is_unclear_is_not_read(lines: tuple[str, ...]) -> None:
    """RFC 9112 section 6.3, and request smuggling: one answer at most, and it is a refusal."""
    async with served() as port:
        answer = await say(port, *lines, body=SMUGGLED)
        assert answer.startswith("HTTP/1.1 400 "), answer
        assert answer.count("HTTP/1.1") == 1


async def test_a_clear_one_is() -> None:
    async with served() as port:
        assert "sent hello" in await say(port, "Content-Length: 5", body="hello")
        chunked = await say(port, "Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n")
        assert "sent hello" in chunked


@pytest.mark.parametrize(
    ("trusted", "believed"),
    [("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "198.51.100.7"), ("127.0.0.0/8", "198.51.100.7")],
)
async def test_only_a_trusted_proxy_says_who_asks(trusted: str, believed: str) -> None:
    async with served(trusted) as port:
        forwarded = "X-Forwarded-For: 203.0.113.9, 198.51.100.7"
        assert f"{believed} sent" in await say(port, forwarded, "Content-Length: 0")
