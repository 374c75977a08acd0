from studium.runtime.service import Service
from studium.services.auth.contract import Identity
from studium.services.auth.routes import router
from studium.services.auth.service import LocalIdentity

SERVICE = Service(
    name="auth",
    router=router,
    offers=lambda engines, _peers: {Identity: LocalIdentity(engines)},
)
