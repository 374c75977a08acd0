"""kill -9 of the process that takes events into the warehouse: each one is counted exactly once."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
from fastapi import FastAPI

from studium.adapters.embedded.processes import free_port
from studium.core.event import now
from studium.settings import Settings
from tests.conftest import wait_until_ready
from tests.services.conftest import Person, registering

BATCHES, EVENTS = 6, 100
PATIENCE = 90
SERVED = ("-m", "studium", "run", "analytics")
DYING = """
import asyncio, os, signal, sys
from studium import bootstrap
from studium.adapters.warehouse.clickhouse import ClickHouse
from studium.services.analytics import sink
from studium.settings import Settings

keep = ClickHouse.keep

async def dying(self, lines):
    if sys.argv[1] == "after":
        await keep(self, lines)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    ClickHouse.keep = dying
    async with bootstrap.open_engines(Settings()) as engines:
        await sink.run(engines)

asyncio.run(main())
"""
"""Killed before or after the warehouse has its first batch, and in both before it is confirmed."""


class Sink:
    """`studium run analytics` on a warehouse of its own."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings.model_copy(
            update={"warehouse": f"chdb://{folder}/warehouse", "port": free_port()}
        )
        self._log = folder / "log"
        self.url = f"http://127.0.0.1:{self._settings.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(arguments or SERVED)],
                env=self._settings.environment(),
                stdout=log,
                stderr=log,
            )
        return self.process

    def die(self, moment: str) -> int:
        """Its exit code."""
        return self.start("-c", DYING, moment).wait(PATIENCE)

    def wait(self) -> None:
        assert self.process
        wait_until_ready(self.url, self.process, self._log)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def second(self) -> "subprocess.CompletedProcess[str]":
        """Another process, at another address."""
        other = self._settings.model_copy(update={"port": free_port()})
        return subprocess.run(
            [sys.executable, *SERVED],
            env=other.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


async def tell(teacher: Person, course: str) -> int:
    """Batches as browsers send them; each third is sent twice. How many events there were."""
    for number in range(BATCHES):
        read = [
            {
                "id": str(uuid4()),
                "kind": "page.read",
                "occurred_at": now().isoformat(),
                "material_id": str(uuid4()),
                "place": place,
            }
            for place in range(EVENTS)
        ]
        for _ in range(2 if number % 3 == 0 else 1):
            told = {"course_id": course, "events": read}
            answer = await teacher.api.post("/v1/events", json=told)
            assert answer.status_code == 202, answer.text
    return BATCHES * EVENTS


async def counted(sink: Sink, teacher: Person, course: str) -> int:
    path = f"{sink.url}/v1/courses/{course}/analytics/activity"
    headers = {"Authorization": f"Bearer {teacher.token}"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(path, headers=headers, timeout=30)
    return sum(row["times"] for row in answer.raise_for_status().json()["items"])


async def test_every_event_that_was_accepted_counts_exactly_once(
    settings: Settings, app: FastAPI, tmp_path: Path
) -> None:
    sink = Sink(settings, tmp_path)
    try:
        async with registering(app) as register:
            await flow(sink, await register("Ada"))
    finally:
        sink.kill()


async def flow(sink: Sink, teacher: Person) -> None:
    course = (await teacher.course())["id"]
    sent = 0
    for moment in ("before", "after"):
        sent += await tell(teacher, course)
        assert await asyncio.to_thread(sink.die, moment) == -signal.SIGKILL
    sent += await tell(teacher, course)
    sink.start()
    await asyncio.to_thread(sink.wait)
    async with asyncio.timeout(PATIENCE):
        while (found := await counted(sink, teacher, course)) < sent:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    assert found == sent

    second = await asyncio.to_thread(sink.second)
    assert second.returncode == 1
    assert "Another process has the warehouse" in second.stderr
