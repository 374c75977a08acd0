from collections.abc import AsyncIterator

import pytest

from studium.commands.process import EVERY_SERVICE, Roles
from studium.settings import Settings
from tests.conftest import running


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Two that share nothing but the engines."""
    patient = settings.model_copy(update={"uploads_per_minute": 0, "writes_per_minute": 0})
    # But for the one that holds the embedded warehouse: only one process can.
    roles = Roles(http=tuple(name for name in EVERY_SERVICE if name != "analytics"))
    async with running(patient, roles) as one, running(patient, roles) as two:
        yield one, two
