"""A rolling restart under load: processes of `studium stack` are ended with SIGTERM, one after the
other, while people read, write and listen.

    python -m tests.flows.rolling 50        restarts each kind so often, for most of an hour
"""

import asyncio
import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import NO_LIMITS, opened
from tests.flows.acceptance import Browser
from tests.flows.stack import REPLICAS, Stack
from tests.gateway.gate import answers
from tests.services.library.books import tiny_book

KINDS = (
    *(("run", name) for name in ("auth", "courses", "library", "notes", "realtime", "relay")),
    *(("work", group) for group in ("library", "notes", "realtime")),
)
LISTENED_TO = ("run", "realtime")
"""Each of its processes is restarted, for nobody knows which one the person listens to."""
SEEN_SECONDS = 2.5
"""Until the gateway, which looks every second, knows of a process that is ready."""
PATIENCE = 120


@dataclass(slots=True)
class Load:
    """One person's calls through the gateway, and what they hear."""

    person: Browser
    course: str
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    connections: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def tasks(self) -> list["asyncio.Task[None]"]:
        calls: Sequence[tuple[str, str, dict[str, Any]]] = (
            ("GET", "/v1/courses", {}),
            ("GET", "/v1/auth/me", {}),
            ("GET", f"/v1/courses/{self.course}/materials", {}),
            ("GET", f"/v1/courses/{self.course}/search?q=forgetting&mode=keyword", {}),
            ("PATCH", f"/v1/courses/{self.course}", {"json": {"title": "Memory"}}),
            ("POST", "/v1/realtime/ticket", {}),
        )
        asking = [asyncio.create_task(self._ask(*call)) for call in calls]
        return [*asking, asyncio.create_task(self._upload()), asyncio.create_task(self._listen())]

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> None:
        while not self.ending.is_set():
            await self._once(method, path, **options)
            await asyncio.sleep(0.02)

    async def _once(self, method: str, path: str, **options: Any) -> None:
        try:
            answer = await self.person.api.request(method, path, **options)
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {path}: {error!r}")
            return
        self.statuses[answer.status_code] += 1
        if not answer.is_success:
            self.failures.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

    async def _upload(self) -> None:
        """A book every few seconds, each another file."""
        path = f"/v1/courses/{self.course}/materials"
        number = 0
        while not self.ending.is_set():
            number += 1
            book = tiny_book() + f"\n% {number}".encode()
            files = {"file": (f"{number}.pdf", book, "application/pdf")}
            await self._once("POST", path, files=files)
            await asyncio.sleep(2)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (ConnectionClosed, InvalidStatus, OSError, TimeoutError):
                await asyncio.sleep(0.2)  # as a browser does, which then says what it has heard

    async def _listen_once(self) -> None:
        ticket = (await self.person.ok("POST", "/v1/realtime/ticket"))["ticket"]
        since = self.heard[-1] if self.heard else 0
        url = f"{self.person.base.replace('http', 'ws', 1)}/v1/ws?ticket={ticket}&since={since}"
        async with connect(url) as socket:
            self.connections += 1
            async for text in socket:
                message = json.loads(text)
                if "id" in message and message["type"] != "hello":
                    self.heard.append(message["id"])

    async def caught_up(self) -> int:
        """The number of the last notification, once it has been heard."""
        async with asyncio.timeout(PATIENCE):
            while True:
                listed = await self.person.ok("GET", "/v1/notifications?limit=1")
                last = int(listed["items"][0]["id"]) if listed["items"] else 0
                if last and self.heard and self.heard[-1] >= last:
                    return last
                await asyncio.sleep(0.2)


async def restarted(stack: Stack, kind: tuple[str, ...]) -> None:
    """The oldest process of the kind is asked to end; another is ready in its place on return."""
    await _ready(stack, kind)
    victim = min(stack.of(*kind), key=psutil.Process.create_time)
    victim.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        while victim.is_running():  # noqa: ASYNC110 - it is no child of ours
            await asyncio.sleep(0.1)
    await _ready(stack, kind)


async def _ready(stack: Stack, kind: tuple[str, ...]) -> None:
    """Every replica, and known to be: a cluster takes no other down before."""
    async with asyncio.timeout(PATIENCE):
        while len(urls := stack.urls(*kind)) < REPLICAS:  # noqa: ASYNC110 - they are no children
            await asyncio.sleep(0.2)
        for url in urls:
            await answers(f"{url}/readyz")
    await asyncio.sleep(SEEN_SECONDS)


async def roll(stack: Stack, times: int) -> Load:
    """Restarts each kind so often, one process at a time. The person is cut off at least once."""
    person = Browser(stack.url)
    await person.register("ada")
    load = Load(person, (await person.ok("POST", "/v1/courses", json={"title": "Memory"}))["id"])
    tasks = load.tasks()
    try:
        for _ in range(times):
            for kind in KINDS:
                for _ in range(REPLICAS if kind == LISTENED_TO else 1):
                    await restarted(stack, kind)
        load.ending.set()
        await asyncio.gather(*tasks[:-1])
        await load.caught_up()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return load


async def main(times: int) -> None:
    with tempfile.TemporaryDirectory(prefix="studium-rolling-") as folder:
        stack = Stack(opened(Path(folder)), **NO_LIMITS)
        try:
            await asyncio.to_thread(stack.wait)
            load = await roll(stack, times)
        finally:
            stack.end()
    console = Console()
    console.print(f"each kind {times} times, answers {dict(load.statuses)}")
    console.print(f"{len(load.heard)} notifications over {load.connections} connections")
    for failure in load.failures[:20]:
        console.print(failure)
    sys.exit(bool(load.failures) or load.heard != list(range(1, len(load.heard) + 1)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
