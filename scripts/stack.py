"""`make stack`: `studium stack` with the engines of a large site, started here for the occasion."""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from studium.commands.stack import stack
from studium.runtime.telemetry import configure_logging
from studium.settings import Settings
from tests.ports.brokers import BROKERS
from tests.ports.s3 import s3

EMBEDDED = "redis"
"""What `studium stack` starts itself."""


@asynccontextmanager
async def broker(name: str) -> AsyncIterator[dict[str, str]]:
    if name == EMBEDDED:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="studium-broker-") as folder:
        async with BROKERS[name](Path(folder)) as engine:
            yield {"broker": engine.url}


@asynccontextmanager
async def objects(name: str) -> AsyncIterator[dict[str, str]]:
    """S3 is moto's, which keeps everything in memory: what is uploaded goes with it."""
    if name == "folder":
        yield {}
        return
    with s3() as url:
        yield {"objects": url}


async def main(options: argparse.Namespace) -> None:
    configure_logging(json=False)
    async with AsyncExitStack() as engines:
        told = await engines.enter_async_context(broker(options.broker))
        told |= await engines.enter_async_context(objects(options.objects))
        await stack(Settings().model_copy(update=told), options.replicas)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", choices=(EMBEDDED, "kafka", "rabbitmq"), default=EMBEDDED)
    parser.add_argument("--objects", choices=("folder", "s3"), default="folder")
    parser.add_argument("--replicas", type=int, default=2)
    asyncio.run(main(parser.parse_args()))
