from studium.runtime.database import Database
from studium.runtime.engines import Engines
from studium.runtime.service import Service
from studium.services.library import uploads
from studium.services.library.contract import Library
from studium.services.library.handlers import GIVE_UPS, HANDLERS
from studium.services.library.local import LocalLibrary
from studium.services.library.routes import router
from studium.services.library.tus import service as tus
from studium.services.library.tus.routes import router as tus_router

router.include_router(tus_router)


async def _sweep(system: Database, engines: Engines) -> int:
    left = await uploads.sweep(system, engines.objects)
    return left + await tus.sweep(system, engines.objects)


SERVICE = Service(
    name="library",
    router=router,
    handlers=HANDLERS,
    give_ups=GIVE_UPS,
    offers=lambda engines, _peers: {Library: LocalLibrary(engines)},
    sweep=_sweep,
)
