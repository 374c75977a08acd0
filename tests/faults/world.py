"""A whole Studium of separate processes that a test may kill: engines, webs, relay, workers.

Whatever is killed is started again on the same folder and port, as an orchestrator would.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.postgres import EmbeddedPostgres
from studium.adapters.embedded.valkey import EmbeddedValkey
from studium.commands import up
from studium.runtime.supervisor import die_with_parent
from studium.settings import Settings
from tests.faults.checker import Stored

LEASE_SECONDS, RESEND_SECONDS, SWEEP_SECONDS = 3.0, 4.0, 2.0
START_SECONDS = 90
WEB = ("run", "auth", "courses", "library", "notes", "realtime")
MEMBERS: dict[str, tuple[str, ...]] = {
    "web 1": WEB,
    "web 2": WEB,
    "relay": ("run", "relay"),
    "worker 1": ("work", "library"),
    "worker 2": ("work", "library", "notes", "realtime", "analytics"),
    "worker 3": ("work", "notes", "realtime", "analytics"),
}
CHILDREN = {
    "nursery": ("library.jailed", 1),
    "reader": ("library.jailed", 2),
    "embedder": ("spawn_main", 1),
}
"""What stands in the command line of a worker's child, and how far below the worker it is."""
ROOT = Path(__file__).parents[2]
PROGRAM = ("-m", "studium")


USUAL: Mapping[str, Any] = {
    "embedder": "static:",
    "children": 1,
    "lease_seconds": LEASE_SECONDS,
    "attempts": 100,  # each may be killed; giving up has tests of its own
    "resend_seconds": RESEND_SECONDS,
    "grace_seconds": 5,
}
Fault = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Member:
    arguments: tuple[str, ...]
    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(slots=True)
class World:
    folder: Path
    program: Sequence[str] = PROGRAM
    """What each process runs; a planted bug puts itself before it."""
    members: dict[str, Member] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """More of the environment, for what is started from now on."""
    wishes: Mapping[str, Any] = field(default_factory=dict)
    """Settings other than those of one machine: another broker …"""
    others: Mapping[str, Fault] = field(default_factory=dict)
    """What befalls engines that are not of this world, by name."""
    stored: Stored | None = None
    """Gives the files, where `wishes` keeps them elsewhere than in this world's folder."""
    settings: Settings = field(init=False)
    home: Home = field(init=False)
    _postgres: EmbeddedPostgres = field(init=False)
    _valkey: EmbeddedValkey = field(init=False)
    _postgres_port: int = 0

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "home")
        self._postgres, self._valkey = EmbeddedPostgres(self.home), EmbeddedValkey(self.home)

    def in_folder(self, key: str) -> bytes | None:
        file = self.home.folder / "objects" / key
        return file.read_bytes() if file.exists() else None

    # ── start and stop ────────────────────────────────────────────────────────────────────────
    async def start(self) -> None:
        self.home.folder.mkdir(exist_ok=True)
        self.home.folder.chmod(0o711)
        address = await self._postgres.start()
        self._postgres_port = address.port
        self.settings = Settings(
            home=self.home.folder,
            users_db=address.url("studium_app", "users"),
            users_db_owner=address.url("studium_owner", "users"),
            courses_db=address.url("studium_app", "courses"),
            courses_db_system=address.url("studium_system", "courses"),
            courses_db_owner=address.url("studium_owner", "courses"),
            redis=await self._valkey.start(),
            **{**USUAL, **self.wishes},
        )
        await up.migrate_all(self.settings)
        for name, arguments in MEMBERS.items():
            self.members[name] = Member(arguments, _free_port())
            await self._launch(name)
        await asyncio.gather(*(self.ready(name) for name in self.members))

    async def stop(self) -> None:
        for member in self.members.values():
            if member.process and member.process.returncode is None:
                _signal_group(member.process.pid, signal.SIGCONT)
                member.process.terminate()
        for member in self.members.values():
            if member.process:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(member.process.wait(), 15)
                _signal_group(member.process.pid, signal.SIGKILL)
        await self._valkey.stop()
        await self._postgres.stop()

    async def _launch(self, name: str) -> None:
        member = self.members[name]
        environment = {
            "PATH": os.environ["PATH"],
            **self.settings.environment(),
            **self.told,
        }
        environment["STUDIUM_PORT"] = str(member.port)
        with (self.folder / f"{name}.log").open("ab") as sink:
            member.process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self.program, *member.arguments),
                env=environment,
                cwd=ROOT,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    async def ready(self, name: str) -> None:
        """Raises `TimeoutError`."""
        member = self.members[name]
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(timeout=2) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{member.url}/readyz")).is_success:
                        return
                await asyncio.sleep(0.2)

    # ── faults ────────────────────────────────────────────────────────────────────────────────
    async def kill(self, name: str) -> None:
        """SIGKILL, and starts it again; returns once it has been launched."""
        if name == "postgres":
            await _killed(self._postgres._process)
            await self._postgres.start()
        elif name == "valkey":
            await _killed(self._valkey._process)
            await self._valkey.start()
        elif name in self.others:
            await self.others[name]()
        elif name in CHILDREN:
            await self._kill_child(*CHILDREN[name])
        else:
            await _killed(self.members[name].process)
            await self._launch(name)

    async def _kill_child(self, word: str, depth: int) -> None:
        """The next one that works, of either library worker. Raises `TimeoutError`."""
        async with asyncio.timeout(START_SECONDS):
            while not (child := self._child(word, depth)):  # noqa: ASYNC110 - a birth tells nobody
                await asyncio.sleep(0.01)
        with contextlib.suppress(psutil.Error):
            child.kill()

    def _child(self, word: str, depth: int) -> psutil.Process | None:
        for name in ("worker 1", "worker 2"):
            process = self.members[name].process
            with contextlib.suppress(psutil.Error):
                found = [psutil.Process(process.pid)] if process else []
                for _ in range(depth):
                    below = [child for each in found for child in each.children()]
                    found = [each for each in below if word in " ".join(each.cmdline())]
                if found:
                    return found[0]
        return None

    async def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP: to the others it is dead, and then it goes on where it was."""
        process = self.members[name].process
        if process is None:
            return
        _signal_group(process.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        _signal_group(process.pid, signal.SIGCONT)

    # ── a look past every rule ────────────────────────────────────────────────────────────────
    async def connect(self) -> "asyncpg.Connection":
        """As superuser: no row-level security."""
        password = self.home.secret(cluster.SUPERUSER)
        return await cluster.connect(self._postgres_port, password, "courses")


async def _killed(process: asyncio.subprocess.Process | None) -> None:
    if process and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
