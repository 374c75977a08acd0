"""The real thing for every test: PostgreSQL and Valkey from the package index, migrated databases,
the application that `bootstrap` builds.
"""

import asyncio
import io
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export import ConsoleSpanExporter
from sqlalchemy.ext.asyncio import AsyncEngine

from studium import bootstrap
from studium.adapters.embedded.home import Home, resolve
from studium.adapters.embedded.processes import free_port
from studium.commands import process, up
from studium.runtime.engines import Engines
from studium.runtime.server import bind
from studium.runtime.telemetry import configure_logging, configure_tracing
from studium.settings import Settings

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
NO_LIMITS = {
    f"{what}_per_minute": "0" for what in ("writes", "uploads", "searches", "events", "log_ins")
}
"""Settings under which nobody asks too often."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return resolve(opened(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
async def settings(home: Home) -> AsyncIterator[Settings]:
    """Engines started, databases migrated, the small embedder."""
    configure_logging(json=False)
    # Spans are made as for a collector, and end nowhere.
    configure_tracing("tests", ConsoleSpanExporter(out=io.StringIO(), formatter=lambda _: ""))
    # All of the tests' people come from one network address.
    wished = Settings(
        home=home.folder, embedder="static:", port=0, lease_seconds=5, log_ins_per_minute=0
    )
    async with up.embedded(wished, home) as complete:
        await up.migrate_all(complete)
        yield complete


@pytest.fixture(scope="session")
async def engines(settings: Settings) -> AsyncIterator[Engines]:
    async with bootstrap.open_engines(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def courses_engine(engines: Engines) -> AsyncEngine:
    return engines.courses.engine


@pytest.fixture(scope="session")
def valkey_url(settings: Settings) -> str:
    return settings.redis


@pytest.fixture(scope="session")
def app(engines: Engines) -> FastAPI:
    """The HTTP side alone: what is emitted waits, because no relay runs."""
    ready = bootstrap.readiness(engines)
    ready.open = True
    return bootstrap.build_app(
        engines, bootstrap.gather_peers(engines), ready, list(bootstrap.SERVICES)
    )


@asynccontextmanager
async def running(settings: Settings, roles: process.Roles) -> AsyncIterator[str]:
    """A whole process on a free port: its address."""
    bound = bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    started = asyncio.Event()
    task = asyncio.create_task(process.run(settings, roles, bound, started.set))
    try:
        await asyncio.wait_for(started.wait(), 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bound.close()


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(opened(tmp_path_factory.mktemp("up"))) as url:
        yield url


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[str]:
    """`studium up` as a person starts it, in a process of its own, with the small embedder: its
    address. It writes to `log` in the folder.
    """
    port = free_port()
    process = launched(folder, port, "up", **settings)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(60)


def launched(
    folder: Path, port: int, *arguments: str, **settings: str
) -> "subprocess.Popen[bytes]":
    """`studium …` with the small embedder. It keeps its data in `data` and writes to `log`."""
    environment = {
        **os.environ,
        "STUDIUM_HOME": str(folder / "data"),
        "STUDIUM_PORT": str(port),
        "STUDIUM_EMBEDDER": "static:",
        **{f"STUDIUM_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "studium", *arguments]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"not ready: {log.read_text()}")


def opened(folder: Path) -> Path:
    """PostgreSQL runs as another user under root, and must be able to reach its data."""
    for parent in (folder, *folder.parents):
        if os.geteuid() == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder
