from collections.abc import AsyncIterator

import httpx
import pytest

from studium import bootstrap
from studium.settings import Settings
from tests.services.conftest import Person
from tests.services.library.test_uploads import served


@pytest.fixture
async def other(ada: Person, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Ada's client of another process: it has nothing in common with the first but the engines."""
    async with bootstrap.open_engines(settings) as engines, served(engines, ada) as api:
        yield api
