from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from studium.runtime.engines import Engines
from studium.runtime.service import Peers, Service
from studium.services.realtime.door import Door
from studium.services.realtime.handlers import HANDLERS
from studium.services.realtime.hub import Hub
from studium.services.realtime.routes import router


@asynccontextmanager
async def _listening(_engines: Engines, peers: Peers) -> AsyncIterator[None]:
    async with peers.get(Hub).open():
        yield


SERVICE = Service(
    name="realtime",
    router=router,
    handlers=HANDLERS,
    offers=lambda engines, _peers: {Hub: Hub(engines.fanout, engines.courses)},
    sockets={"/v1/ws": lambda engines, peers: Door(engines, peers.get(Hub)).let_in},
    background=_listening,
)
