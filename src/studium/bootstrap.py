"""The composition root: URLs → engines → services. The only place that knows all of them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from fastapi import FastAPI

from studium.adapters.broker import open_broker, open_event_stream
from studium.adapters.cache import open_cache
from studium.adapters.embedder import open_embedder
from studium.adapters.fanout import open_fanout
from studium.adapters.llm import open_llm
from studium.adapters.objects import open_objects
from studium.adapters.vectors import open_vectors
from studium.adapters.warehouse import open_warehouse
from studium.adapters.warehouse.holding import held
from studium.adapters.warehouse.urls import place_of
from studium.runtime import caching
from studium.runtime.database import Subscriptions, open_database
from studium.runtime.engines import Engines, Limits
from studium.runtime.http import Readiness, create_app
from studium.runtime.rates import Rates
from studium.runtime.service import Peers, Service, Sweep
from studium.runtime.tokens import Verifier, open_signing_key
from studium.runtime.webapp import mount_web_app
from studium.runtime.websocket import Sockets
from studium.services.analytics.wiring import SERVICE as ANALYTICS
from studium.services.auth.wiring import SERVICE as AUTH
from studium.services.courses.wiring import SERVICE as COURSES
from studium.services.library.wiring import SERVICE as LIBRARY
from studium.services.notes.wiring import SERVICE as NOTES
from studium.services.realtime.wiring import SERVICE as REALTIME
from studium.settings import EMBEDDED, Settings

SERVICES: dict[str, Service] = {
    service.name: service for service in (AUTH, COURSES, LIBRARY, NOTES, REALTIME, ANALYTICS)
}


def subscriptions() -> Subscriptions:
    """Event type → groups, from the HANDLERS tables of every service, running here or not."""
    groups: dict[str, set[str]] = {}
    for service in SERVICES.values():
        for event in service.handlers:
            groups.setdefault(event.type_name(), set()).add(service.name)
    return {event: frozenset(names) for event, names in groups.items()}


class Closable(Protocol):
    async def close(self) -> None: ...


Engine = TypeVar("Engine", bound=Closable)


@asynccontextmanager
async def open_engines(settings: Settings) -> AsyncIterator[Engines]:
    """Every engine of `settings`, whose URLs must name running ones; closed in reverse order."""
    async with AsyncExitStack() as stack:

        def kept(engine: Engine) -> Engine:
            stack.push_async_callback(engine.close)
            return engine

        cache = kept(open_cache(settings.cache or settings.redis, caching.PREFIX))
        forget = partial(caching.forget, cache)
        courses = kept(open_database(settings.courses_db, subscriptions(), forget))
        signing_key = open_signing_key(signing_key_path(settings))
        key = settings.llm_key.get_secret_value() if settings.llm_key else None
        model = open_llm(settings.llm, key)
        embedder = kept(
            open_embedder(settings.embedder, settings.home / "models", settings.children)
        )
        yield Engines(
            users=kept(open_database(settings.users_db, forget=forget)),
            courses=courses,
            cache=cache,
            fanout=kept(open_fanout(settings.fanout or settings.redis)),
            broker=kept(open_broker(settings.broker or settings.redis)),
            records=kept(open_event_stream(settings.broker or settings.redis)),
            objects=kept(open_objects(settings.objects or _folder_url(settings))),
            vectors=kept(open_vectors(settings.vectors, courses, embedder)),
            warehouse=kept(open_warehouse(_warehouse_url(settings))),
            embedder=embedder,
            model=kept(model) if model else None,
            signing_key=signing_key,
            verifier=Verifier({signing_key.public.id: signing_key.public}),
            limits=Limits(
                upload_max_bytes=settings.upload_max_bytes,
                quota_bytes=settings.quota_bytes,
                public_url=settings.public_url,
                rates=_rates(settings),
            ),
        )


def _rates(settings: Settings) -> Rates:
    return Rates(
        writes=settings.writes_per_minute,
        uploads=settings.uploads_per_minute,
        searches=settings.searches_per_minute,
        events=settings.events_per_minute,
        log_ins=settings.log_ins_per_minute,
    )


def signing_key_path(settings: Settings) -> Path:
    return settings.signing_key or settings.home / "secrets" / "signing-key.pem"


def _folder_url(settings: Settings) -> str:
    return (settings.home.resolve() / "objects").as_uri()


# ── the warehouse ─────────────────────────────────────────────────────────────────────────────
def _warehouse_url(settings: Settings) -> str:
    if settings.warehouse != EMBEDDED:
        return settings.warehouse
    return f"chdb://{quote(str(settings.home.resolve() / 'warehouse'))}"


def warehouse_folder(settings: Settings) -> Path | None:
    """Which one process may hold; None where the warehouse is a server."""
    return place_of(_warehouse_url(settings)).folder


def sinks(settings: Settings, http: Sequence[str], groups: Sequence[str]) -> list[Service]:
    """The services whose records this process takes into the warehouse: beside the reports where
    only one process can hold it, else in the workers.
    """
    where = http if warehouse_folder(settings) else groups
    return [service for name in where if (service := SERVICES[name]).sink]


@contextmanager
def holding_warehouse(settings: Settings, http: Sequence[str]) -> Iterator[None]:
    """Raises `WarehouseHeldError` where another process serves from the same folder."""
    folder = warehouse_folder(settings)
    if folder and any(SERVICES[name].sink for name in http):
        with held(folder):
            yield
    else:
        yield


async def migrate_warehouse(settings: Settings) -> None:
    """A server's. A folder is brought up to date by the process that holds it."""
    if not warehouse_folder(settings):
        warehouse = open_warehouse(_warehouse_url(settings))
        try:
            await warehouse.migrate()
        finally:
            await warehouse.close()


def gather_peers(engines: Engines) -> Peers:
    peers = Peers()
    for service in SERVICES.values():
        peers.offer(service.offers(engines, peers))
    return peers


def readiness(engines: Engines) -> Readiness:
    return Readiness(
        {
            "users": engines.users.ping,
            "courses": engines.courses.ping,
            "cache": engines.cache.ping,
            "broker": engines.broker.ping,
            "objects": engines.objects.ping,
            "vectors": engines.vectors.ping,
        }
    )


def build_app(engines: Engines, peers: Peers, ready: Readiness, names: Sequence[str]) -> FastAPI:
    """The HTTP side of the named services, and the web app where it is built."""
    routers = [router for name in names if (router := SERVICES[name].router)]
    app = create_app(engines, peers, routers, ready)
    mount_web_app(app)
    return app


def build_sockets(engines: Engines, peers: Peers, names: Sequence[str]) -> Sockets:
    """The WebSocket side of the named services."""
    return Sockets(
        {
            path: opening(engines, peers)
            for name in names
            for path, opening in SERVICES[name].sockets.items()
        },
        engines.limits.public_url,
    )


@asynccontextmanager
async def backgrounds(engines: Engines, peers: Peers, names: Sequence[str]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for name in names:
            if background := SERVICES[name].background:
                await stack.enter_async_context(background(engines, peers))
        yield


def sweeps() -> list[Sweep]:
    return [service.sweep for service in SERVICES.values() if service.sweep]
