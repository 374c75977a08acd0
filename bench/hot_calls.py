"""What the calls cost that every screen makes.

- CPU of a cached `GET /v1/courses`, of the web process and the engines together, beside a bare
  Starlette route that answers the same body on the same uvicorn;
- a token that was seen before;
- row-level security on and off (`bench/row_security.py`).

`PYTHONPATH=. python bench/hot_calls.py`
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from bench import row_security, served
from bench.marks import Figure, show
from bench.served import Served
from studium.core.identity import Principal, Role, new_id
from studium.runtime.tokens import Verifier, open_signing_key

COURSES = (1, 8, 50)
REQUESTS, SLICES = 150, 24
"""Short slices in turn: what else runs on the machine weighs on both sides alike."""


class Caller:
    """One kept-alive connection that asks the same thing again and again, as cheaply as it can."""

    def __init__(self, to: Served, path: str, token: str = "") -> None:
        self.to = to
        lines = [f"GET {path} HTTP/1.1", "Host: bench", "Accept: application/json"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        self._asked = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def ask(self, times: int) -> bytes:
        """The last body."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.to.port, limit=1 << 20)
        body = b""
        for _ in range(times):
            writer.write(self._asked)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(head.decode())
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
        writer.close()
        return body

    async def cpu(self, times: int) -> float:
        """CPU seconds of one call: of the process and of the engines behind it."""
        before = self.to.cpu() + served.engines_cpu()
        await self.ask(times)
        return (self.to.cpu() + served.engines_cpu() - before) / times


async def courses(app: Served, bare: Served) -> list[Figure]:
    figures = []
    for number in COURSES:
        async with served.teacher(app.url, number) as teacher:
            ours = Caller(app, "/v1/courses", teacher.token)
            plain = Caller(bare, "/list")
            body = await ours.ask(20)
            async with httpx.AsyncClient() as client:
                await client.put(f"{bare.url}/list", content=body)
            if await plain.ask(20) != body:
                raise RuntimeError("the bare route answers something else")
            pairs = [(await ours.cpu(REQUESTS), await plain.cpu(REQUESTS)) for _ in range(SLICES)]
        one, other = (median(side) * 1e6 for side in zip(*pairs, strict=True))
        ratio = median(a / b for a, b in pairs)
        what = f"GET /v1/courses, {number} courses, {len(body):,} B"
        figures.append(Figure(what, f"{one:.0f} µs", f"{other:.0f} µs", ratio, 2.5))
    return figures


def token(folder: Path) -> list[Figure]:
    key = open_signing_key(folder / "key.pem")
    organisations = {new_id(): Role.STUDENT for _ in range(3)}
    tokens = [key.sign(Principal(new_id(), organisations)) for _ in range(300)]
    verifier = Verifier({key.public.id: key.public})

    def cost() -> float:
        started = time.process_time()
        for each in tokens:
            verifier.principal(each)
        return (time.process_time() - started) / len(tokens) * 1e6

    first, known = cost(), median(cost() for _ in range(31))
    return [
        Figure("token, seen before", f"{known:.2f} µs", f"new: {first:.0f} µs", known, 30, "µs")
    ]


async def main() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        figures = token(Path(folder))
        async with served.engines() as settings:
            async with (
                served.studium(settings, *served.WEB) as app,
                served.bare(Path(folder)) as bare,
            ):
                figures += await courses(app, bare)
            figures += await row_security.figures(settings)
    return show("hot-calls", "hot calls, CPU", figures)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
