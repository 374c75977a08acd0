"""The people of tests/services and their clients; a school with one of everything, and a client
without a token, of each file its own.
"""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from studium.runtime.engines import Engines
from tests.security.things import School, found
from tests.services.conftest import ada, anonymous, ben, client_of, register, registering

__all__ = ["ada", "anonymous", "api", "ben", "register", "school"]


@pytest.fixture(scope="module")
async def school(app: FastAPI, engines: Engines) -> AsyncIterator[School]:
    async with registering(app) as register:
        yield await found(engines, register)


@pytest.fixture(scope="module")
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as api:
        yield api
