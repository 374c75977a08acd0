"""Processes of Studium and of bare applications beside them, for what is measured from outside.

Engines are started once below a temporary folder. A serving process is one `studium run …` or
`studium work …`; a bare one is `bench/bare.py` on the same uvicorn with the same settings.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from studium.adapters.embedded.home import resolve
from studium.commands import up
from studium.settings import Settings

ROOT = Path(__file__).parents[1]
MIB = 2**20
WEB = ("run", "auth", "courses", "library")
EVERY_WEB = (*WEB, "notes", "realtime")
WORKERS = ("work", "library", "notes", "realtime", "analytics")
READY_SECONDS = 90
ENGINES = frozenset({"postgres", "valkey-server", "beam.smp", "java"})
"""PostgreSQL, Valkey, RabbitMQ and Kafka."""


@dataclass(frozen=True, slots=True)
class Served:
    pid: int
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def cpu(self) -> float:
        """CPU seconds of this process, not of its children."""
        return cpu_of(self.pid)

    def rss(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process's threads.

    Linux counts in nanoseconds in `schedstat`; `times` has steps of 10 ms, a hundred requests.
    """
    total = 0
    for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(stat.read_text().split()[0])
    return total / 1e9


def engines_cpu() -> float:
    """CPU seconds of the engines: what lives of them now, so no backend may end within what is
    measured.
    """
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.name() in ENGINES:
                total += cpu_of(child.pid)
    return total


@asynccontextmanager
async def engines(**wishes: Any) -> AsyncIterator[Settings]:
    """PostgreSQL and Valkey of their own, migrated; limits of rate and storage are off."""
    with tempfile.TemporaryDirectory(prefix="studium-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101 - PostgreSQL runs as another user under root
        wished = Settings(home=Path(folder), embedder="static:")
        home = resolve(wished.home)
        async with up.embedded(wished, home) as complete:
            await up.migrate_all(complete)
            yield complete.model_copy(update={**without_limits(), **wishes})


def without_limits() -> dict[str, Any]:
    """Settings that limit no rate: an answer of 429 would be what is measured."""
    limits = (
        "writes_per_minute",
        "uploads_per_minute",
        "searches_per_minute",
        "log_ins_per_minute",
    )
    return {name: 0 for name in limits if name in Settings.model_fields}


@asynccontextmanager
async def studium(
    settings: Settings, *arguments: str, module: str = "studium"
) -> AsyncIterator[Served]:
    async with _serving(("-m", module, *arguments), settings.environment()) as served:
        yield served


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[Served]:
    """`bench/bare.py`, which keeps what it is sent in `folder`."""
    async with _serving(("-m", "bench.bare", str(folder)), {}) as served:
        yield served


@asynccontextmanager
async def bare_sockets(kind: str) -> AsyncIterator[Served]:
    """`bench/bare_sockets.py`."""
    async with _serving(("-m", "bench.bare_sockets", kind), {}) as served:
        yield served


@asynccontextmanager
async def _serving(arguments: tuple[str, ...], told: dict[str, str]) -> AsyncIterator[Served]:
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **told}
    environment["STUDIUM_PORT"] = str(port)
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments), env=environment, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            served = Served(process.pid, f"http://127.0.0.1:{port}")
            try:
                await _ready(process, served.url)
            except Exception as error:
                log.seek(0)
                raise RuntimeError(log.read().decode(errors="replace")[-3000:]) from error
            yield served
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, url: str) -> None:
    async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient(timeout=2) as client:
        while process.returncode is None:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/readyz")).is_success:
                    return
            await asyncio.sleep(0.1)
    raise RuntimeError("it ended before it was ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Teacher:
    """An account with courses."""

    api: httpx.AsyncClient
    token: str
    courses: list[str]


@asynccontextmanager
async def teacher(url: str, courses: int = 1) -> AsyncIterator[Teacher]:
    email = f"bench-{secrets.token_hex(4)}@school.test"
    wish = {"email": email, "password": "correct horse battery", "name": "Bench"}
    async with httpx.AsyncClient(base_url=url, timeout=120) as api:
        session = (await api.post("/v1/auth/register", json=wish)).raise_for_status().json()
        token = session["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        made = Teacher(api, token, [])
        for number in range(courses):
            body = {
                "title": f"Course {number} of the memory school",
                "description": "What is learned, kept and forgotten, and why. " * 3,
            }
            answer = (await api.post("/v1/courses", json=body)).raise_for_status()
            made.courses.append(answer.json()["id"])
        yield made
