"""The acceptance flow, in separate processes, on each broker; with one of them on S3."""

from pathlib import Path

from studium.settings import Settings
from tests.flows.test_separate_processes import through_processes
from tests.ports.brokers import BROKERS
from tests.ports.s3 import s3


async def on(name: str, settings: Settings, folder: Path, **more: str) -> None:
    async with BROKERS[name](folder) as broker:
        wishes = {"broker": broker.url, **more}
        await through_processes(settings.model_copy(update=wishes), folder)


async def test_on_kafka(settings: Settings, tmp_path: Path) -> None:
    """On Redis Streams `test_separate_processes.py` does the same."""
    await on("kafka", settings, tmp_path)


async def test_on_rabbitmq_and_s3(settings: Settings, tmp_path: Path) -> None:
    with s3() as objects:
        await on("rabbitmq", settings, tmp_path, objects=objects)
