"""The real thing for every test: PostgreSQL and Valkey from the package index, migrated databases,
the application that `bootstrap` builds."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from asgi_lifespan_free import client_of  # placeholder
