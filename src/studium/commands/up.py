"""`studium up`: everything on one machine, engines included, in the foreground."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from studium.adapters.embedded import home as homes
from studium.adapters.embedded.home import Home
from studium.adapters.embedded.postgres import EmbeddedPostgres
from studium.adapters.embedded.valkey import EmbeddedValkey
from studium.commands import process
from studium.commands.readers import FRONT, readers
from studium.runtime.migrations import migrate
from studium.runtime.server import address, bind
from studium.settings import EMBEDDED, Settings

console = Console(stderr=True)


async def up(settings: Settings) -> None:
    """Raises `FolderInUseError`, `PortTakenError`, `NoPermissionError` before anything started."""
    home = homes.resolve(settings.home)
    if home.remark:
        console.print(home.remark)
    bound = bind(settings.host, settings.port)
    with bound, homes.held(home, address(bound)):
        async with embedded(settings, home) as complete:
            await migrate_all(complete)
            await process.run(
                complete,
                FRONT,
                bound,
                lambda: _ready(address(bound)),
                {"readers": readers(complete)},
            )


def _ready(where: str) -> None:
    process.settle()
    console.print(f"\nStudium is ready: [bold]{where}[/]   (Ctrl-C ends it)")


@asynccontextmanager
async def embedded(settings: Settings, home: Home) -> AsyncIterator[Settings]:
    """The settings with the URLs of the engines that Studium starts and ends itself."""
    homes.require_whole(home)
    urls: dict[str, str | Path] = {"home": home.folder}
    postgres, valkey = EmbeddedPostgres(home), EmbeddedValkey(home)
    try:
        if settings.courses_db == EMBEDDED:
            with console.status("Starting PostgreSQL"):
                started = await postgres.start()
            urls |= {
                "users_db": started.url("studium_app", "users"),
                "users_db_owner": started.url("studium_owner", "users"),
                "courses_db": started.url("studium_app", "courses"),
                "courses_db_system": started.url("studium_system", "courses"),
                "courses_db_owner": started.url("studium_owner", "courses"),
            }
        if settings.redis == EMBEDDED:
            urls["redis"] = await valkey.start()
        yield settings.model_copy(update=urls)
    finally:
        await valkey.stop()
        await postgres.stop()


async def migrate_all(settings: Settings) -> None:
    await migrate("users", settings.users_db_owner)
    await migrate("courses", settings.courses_db_owner)
