"""How long news travels from `emit` to the start of a handler, over each broker.

As in `bench/delivery.py`, whose relay and worker it uses, with `STUDIUM_BROKER` as the only
difference: those brokers that the port's suite knows and that are installed here. Each runs beside
the same PostgreSQL, one after the other. `PYTHONPATH=. python -m bench.brokers`
"""

import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bench import delivery, served
from bench.marks import Figure, show
from studium.settings import Settings
from tests.ports.brokers import BROKERS


async def over(name: str, settings: Settings) -> list[Figure]:
    """Nothing where the engine is not installed."""
    with tempfile.TemporaryDirectory(prefix="studium-broker-") as folder:
        try:
            async with BROKERS[name](Path(folder)) as engine:
                wished = settings.model_copy(update={"broker": engine.url})
                async with delivery.subscribed(wished) as engines:
                    figures = await delivery.to_handler(wished, engines)
        except pytest.skip.Exception as missing:
            print(f"{name}: {missing}")
            return []
    return [replace(each, what=f"{name}: {each.what}") for each in figures]


async def main() -> bool:
    async with served.engines() as settings:
        figures = [each for name in BROKERS for each in await over(name, settings)]
    return show("brokers", "emit → handler over each broker", figures)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
