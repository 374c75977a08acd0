"""`studium doctor`: each engine, what is wrong with it, and how to mend it."""

import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from studium import bootstrap
from studium.adapters.embedded import home as homes
from studium.runtime.jail import enter as jail
from studium.runtime.webapp import DIST
from studium.settings import EMBEDDED, Settings

console = Console()
LEAST_DISK_GIB = 2
Verdict = tuple[bool, str]


async def doctor(settings: Settings) -> bool:
    """Prints a table; whether all is well."""
    table = Table("what", "state", "to mend it")
    verdicts = {**_machine(settings), **await _engines(settings)}
    for what, (good, advice) in verdicts.items():
        table.add_row(what, "[green]ok[/]" if good else "[red]wrong[/]", "" if good else advice)
    console.print(table)
    return all(good for good, _ in verdicts.values())


def _machine(settings: Settings) -> dict[str, Verdict]:
    home = homes.resolve(settings.home)
    existing = next(each for each in (home.folder, *home.folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free / 2**30
    return {
        f"Python {sys.version.split()[0]}": (sys.version_info >= (3, 11), "Install Python ≥ 3.11."),
        f"folder {home.folder}": _writable(existing),
        "jail for books": _jail(),
        "disk": (free > LEAST_DISK_GIB, f"{free:.1f} GiB are free; make room."),
        "web app": ((DIST / "index.html").is_file(), "Build it: make web."),
    }


def _jail() -> Verdict:
    """A lacking wall is a warning and no reason to stop: the others stand."""
    lacks = jail.missing()
    return not lacks, f"Books are read without {'; '.join(lacks)}."


def _writable(folder: Path) -> Verdict:
    good = os.access(folder, os.W_OK)
    return good, f"You may not write to {folder}; choose another STUDIUM_HOME."


async def _engines(settings: Settings) -> dict[str, Verdict]:
    if EMBEDDED in {settings.courses_db, settings.redis}:
        return await _running_app(settings)
    async with bootstrap.open_engines(settings) as engines:
        checks = {**bootstrap.readiness(engines).checks, "warehouse": engines.warehouse.ping}
        return {name: await _verdict(check) for name, check in checks.items()}


async def _verdict(check: Callable[[], Awaitable[None]]) -> Verdict:
    try:
        await check()
    except Exception as error:  # noqa: BLE001 - every failure is a finding
        return False, f"{error} Check its URL in the environment."
    return True, ""


async def _running_app(settings: Settings) -> dict[str, Verdict]:
    """Embedded engines run only while `studium up` does: ask that."""
    where = f"http://{settings.host}:{settings.port}/readyz"
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            report = (await client.get(where)).json()["engines"]
    except (httpx.HTTPError, ValueError, KeyError):
        return {"studium up": (False, f"Nothing answers at {where}. Start it: studium up.")}
    return {name: (said == "ok", str(said)) for name, said in report.items()}
