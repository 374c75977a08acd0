"""The workers of `studium up` that take the processor, in a process of their own.

They read a book for seconds on end. In the process of the web every answer would wait for them
(docs/decisions/0015).
"""

import sys

import httpx

from studium.adapters.embedded.processes import free_port
from studium.commands.process import EVERY_GROUP, EVERY_SERVICE, Beside, Roles
from studium.core.errors import EngineUnavailableError
from studium.runtime.supervisor import child
from studium.settings import Settings

GROUPS = ("library", "notes")
FRONT = Roles(
    http=EVERY_SERVICE,
    groups=tuple(group for group in EVERY_GROUP if group not in GROUPS),
    relay=True,
)
"""What `studium up` does itself."""


def readers(settings: Settings) -> Beside:
    """`studium work` for `GROUPS`, at an address of its own for health and metrics."""
    port = free_port()
    told = settings.model_copy(update={"host": "127.0.0.1", "port": port})
    loop = child(
        "readers",
        *(sys.executable, "-m", "studium", "work", *GROUPS),
        environment=told.environment(),
        grace_seconds=settings.grace_seconds / 2,
    )

    async def ping() -> None:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                (await client.get(f"http://127.0.0.1:{port}/readyz")).raise_for_status()
        except httpx.HTTPError as error:
            raise EngineUnavailableError(
                "The process that reads books is not ready; books wait and nothing is lost."
            ) from error

    return Beside(loop, ping)
