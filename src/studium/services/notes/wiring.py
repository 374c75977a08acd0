from studium.runtime.engines import Engines
from studium.runtime.service import Service
from studium.services.notes.contract import NoteWriter
from studium.services.notes.handlers import GIVE_UPS, HANDLERS
from studium.services.notes.model_writer import ModelWriter
from studium.services.notes.offline import OfflineWriter
from studium.services.notes.routes import router


def _writer(engines: Engines) -> NoteWriter:
    return ModelWriter(engines.model) if engines.model else OfflineWriter()


SERVICE = Service(
    name="notes",
    router=router,
    handlers=HANDLERS,
    give_ups=GIVE_UPS,
    offers=lambda engines, _peers: {NoteWriter: _writer(engines)},
)
