"""What the command `studium` can be told."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from rich.console import Console

from studium.core.errors import StudiumError
from studium.runtime.telemetry import configure_logging, configure_tracing
from studium.settings import Settings

app = typer.Typer(
    help="Turns the books of a course into notes that quote the page they come from.",
    no_args_is_help=True,
    add_completion=False,
)
console = Console(stderr=True)
SAMPLE = Path(__file__).parents[1] / "sample"


def _run(what: str, work: Coroutine[Any, Any, Any], settings: Settings) -> Any:
    """Runs to the end; an expected error is one clear sentence and exit code 1."""
    configure_logging(json=settings.log_json)
    endpoint = settings.otlp_endpoint
    configure_tracing(what, OTLPSpanExporter(endpoint=endpoint) if endpoint else None)
    try:
        return asyncio.run(work)
    except StudiumError as error:
        console.print(f"[bold red]{error.title}.[/] {error.detail}", highlight=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def up() -> None:
    """Start everything on this machine and serve it; Ctrl-C ends it."""
    from studium.commands.up import up as start  # noqa: PLC0415 - `--help` stays quick

    settings = Settings()
    _run("studium", start(settings), settings)


@app.command()
def run(parts: Annotated[list[str], typer.Argument(help="auth courses … or relay")]) -> None:
    """Serve only these services over HTTP; `relay` is the relay and sweeper."""
    from studium.commands.process import EVERY_SERVICE, Roles  # noqa: PLC0415

    known = {*EVERY_SERVICE, "relay"}
    if unknown := set(parts) - known:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(sorted(known))}")
    _process(Roles(http=[each for each in parts if each != "relay"], relay="relay" in parts))


@app.command()
def work(groups: Annotated[list[str], typer.Argument(help="library notes …")]) -> None:
    """Run only these worker groups."""
    from studium.commands.process import EVERY_GROUP, Roles, stand_back  # noqa: PLC0415

    if unknown := set(groups) - set(EVERY_GROUP):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(EVERY_GROUP)}")
    stand_back()
    _process(Roles(groups=groups))


def _process(roles: Any) -> None:
    from studium.commands import process  # noqa: PLC0415
    from studium.runtime.server import bind  # noqa: PLC0415

    settings = Settings()

    async def serve() -> None:
        with bind(settings.host, settings.port) as bound:
            await process.run(settings, roles, bound, process.settle)

    _run("studium", serve(), settings)


@app.command()
def stack(
    replicas: Annotated[int, typer.Option(min=1, max=20, help="of each service and group")] = 2,
) -> None:
    """Start what a cluster runs: every service and group as processes of its own, behind Envoy."""
    from studium.commands.stack import stack as start  # noqa: PLC0415

    settings = Settings()
    _run("stack", start(settings, replicas), settings)


@app.command()
def migrate() -> None:
    """Bring both databases to the newest revision."""
    from studium.commands.up import migrate_all  # noqa: PLC0415

    settings = Settings()
    _run("migrate", migrate_all(settings), settings)


@app.command()
def doctor() -> None:
    """Check each engine; say what is wrong and how to mend it."""
    from studium.commands.doctor import doctor as examine  # noqa: PLC0415

    settings = Settings()
    if not _run("doctor", examine(settings), settings):
        raise typer.Exit(1)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="a folder that is not there yet")],
) -> None:
    """Save database, books and secrets of this machine, also while Studium runs."""
    from studium.commands.backup import backup as save  # noqa: PLC0415

    settings = Settings()
    _run("backup", save(settings, target), settings)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="a folder that `studium backup` made")],
) -> None:
    """Make an empty STUDIUM_HOME what it was when the backup was made."""
    from studium.commands.restore import restore as put_back  # noqa: PLC0415

    settings = Settings()
    _run("restore", put_back(settings, source), settings)


@app.command()
def demo(
    book: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False)] = None,
) -> None:
    """Upload a book (default: the sample) and show its notes; leaves the app running."""
    from studium.commands.demo import demo as show  # noqa: PLC0415

    settings = Settings()
    _run("demo", show(settings, book or next(SAMPLE.glob("*.pdf"))), settings)


gateway = typer.Typer(help="Configure a gateway in front of the services.", no_args_is_help=True)
app.add_typer(gateway, name="gateway")


@gateway.callback()
def _gateway() -> None:
    """Else a group with one command is that command."""


@gateway.command()
def render(
    kind: Annotated[str, typer.Argument(help="envoy or kong")],
    replicas: Annotated[
        list[str] | None,
        typer.Option(help="service=host:port,host:port; default studium-SERVICE:8000"),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="PEM file, for Kong; default this home's"),
    ] = None,
    port: int = 8080,
    trusted_hops: Annotated[int, typer.Option(help="proxies in front that are believed")] = 0,
) -> None:
    """Print the gateway's configuration, made from the routes of this version."""
    from studium.commands import gateway as made  # noqa: PLC0415
    from studium.gateway.wishes import Wishes  # noqa: PLC0415

    try:
        which = made.kind(kind)
        keys = made.public_keys(Settings(), key or []) if which is made.Kind.KONG else []
        wishes = Wishes(port=port, trusted_hops=trusted_hops)
        typer.echo(made.render(which, wishes, replicas or [], keys), nl=False)
    except (ValueError, StudiumError) as error:
        raise typer.BadParameter(str(error)) from error
