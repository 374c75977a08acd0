"""One process: the HTTP side of some services, some worker groups, the relay, or all of it."""

import gc
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from studium import bootstrap
from studium.runtime import caching, relay
from studium.runtime.database import open_database
from studium.runtime.engines import Engines
from studium.runtime.jail.enter import close_to_others
from studium.runtime.server import serve
from studium.runtime.service import Peers
from studium.runtime.supervisor import Loop, supervise
from studium.runtime.worker import Worker
from studium.settings import Settings

EVERY_SERVICE = tuple(bootstrap.SERVICES)
EVERY_GROUP = tuple(name for name, service in bootstrap.SERVICES.items() if service.handlers)


@dataclass(frozen=True, slots=True)
class Roles:
    """What this process does."""

    http: Sequence[str] = ()
    groups: Sequence[str] = ()
    relay: bool = False


EVERYTHING = Roles(http=EVERY_SERVICE, groups=EVERY_GROUP, relay=True)


@dataclass(frozen=True, slots=True)
class Beside:
    """Another process that this one starts and needs."""

    loop: Loop
    ping: Callable[[], Awaitable[None]]


async def run(
    settings: Settings,
    roles: Roles,
    bound: socket.socket,
    when_ready: Callable[[], None] = lambda: None,
    beside: Mapping[str, Beside] | None = None,
) -> None:
    """Runs until SIGTERM or SIGINT. Every process answers `/healthz`, `/readyz`, `/metrics`."""
    others = beside or {}
    close_to_others()
    async with bootstrap.open_engines(settings) as engines:
        peers = bootstrap.gather_peers(engines)
        ready = bootstrap.readiness(engines)
        ready.checks = {**ready.checks, **{name: each.ping for name, each in others.items()}}
        app = bootstrap.build_app(engines, peers, ready, roles.http)
        sockets = bootstrap.build_sockets(engines, peers, roles.http)
        web = Loop(
            "web",
            lambda: serve(
                app,
                bound,
                ready,
                settings.grace_seconds,
                settings.trusted_proxies,
                sockets,
                settings.lame_duck_seconds,
            ),
        )
        async with (
            bootstrap.backgrounds(engines, peers, roles.http),
            _relay_loops(settings, roles, engines) as relays,
        ):
            ready.open = True
            when_ready()
            loops = [web, *relays, *_workers(settings, roles, engines, peers)]
            loops += [each.loop for each in others.values()]
            await supervise(loops, grace_seconds=settings.grace_seconds)


NICENESS = 10
"""setpriority(2)."""


def stand_back() -> None:
    """For a process that only works: whoever answers a person on the same machine comes before it
    and before the children that it will have.
    """
    os.nice(NICENESS)


def settle() -> None:
    """For `when_ready` of a process that does nothing else: what was loaded until now stays, and
    is no longer looked through. A full collection of it holds every answer up for 0.1 s.
    """
    gc.collect()
    gc.freeze()


def _workers(settings: Settings, roles: Roles, engines: Engines, peers: Peers) -> list[Loop]:
    def loop(group: str) -> Loop:
        worker = Worker(
            bootstrap.SERVICES[group],
            engines,
            peers,
            settings.slots,
            settings.lease_seconds,
            settings.attempts,
        )
        return Loop(
            f"worker {group}", lambda: worker.run(engines.broker, settings.grace_seconds / 2)
        )

    return [loop(group) for group in roles.groups]


@asynccontextmanager
async def _relay_loops(
    settings: Settings, roles: Roles, engines: Engines
) -> AsyncIterator[list[Loop]]:
    if not roles.relay:
        yield []
        return
    forget = partial(caching.forget, engines.cache)
    system = open_database(settings.courses_db_system, forget=forget)
    try:
        yield [
            Loop("relay", relay.Relay(system, engines.broker, settings.resend_seconds).run),
            Loop("sweeper", lambda: relay.sweep_forever(system)),
            Loop("clearing", lambda: relay.clear_forever(system, engines, bootstrap.sweeps())),
        ]
    finally:
        await system.close()
