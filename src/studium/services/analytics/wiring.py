from studium.runtime.service import Service
from studium.services.analytics import sink
from studium.services.analytics.handlers import HANDLERS
from studium.services.analytics.routes import router

SERVICE = Service(name="analytics", router=router, handlers=HANDLERS, sink=sink.run)
