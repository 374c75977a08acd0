from studium.runtime.service import Service
from studium.services.library import uploads
from studium.services.library.contract import Library
from studium.services.library.handlers import GIVE_UPS, HANDLERS
from studium.services.library.local import LocalLibrary
from studium.services.library.routes import router

SERVICE = Service(
    name="library",
    router=router,
    handlers=HANDLERS,
    give_ups=GIVE_UPS,
    offers=lambda engines, _peers: {Library: LocalLibrary(engines.courses)},
    sweep=lambda system, engines: uploads.sweep(system, engines.objects),
)
