"""`make faults-planted`: plants each bug in a world of its own and says what the checker found."""

import asyncio
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults import kills
from tests.faults.journal import Journal
from tests.faults.kills import Outcome, Run
from tests.faults.planted import BUGS
from tests.faults.world import World
from tests.flows.acceptance import sample_book

KILLS = 25
PATIENCE_SECONDS = 40


async def hunted(folder: Path, name: str, times: int = KILLS) -> Outcome:
    """A short kill run with the bug in every process."""
    program = ("-m", "tests.faults.planted", name)
    with Progress() as progress:
        run = Run(
            World(folder, program),
            Journal(folder / "journal"),
            seed=1,
            book=sample_book(),
            weights=BUGS[name].shown_by,
            patience_seconds=PATIENCE_SECONDS,
        )
        return await run.go(times, progress)


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    return folder


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    sound = fresh(root / "sound")
    asyncio.run(kills.run(sound, 0, seed=1))
    shown = Table("planted", "kills", "books", "findings", "the first", title="Planted bugs")
    caught = True
    for name in sys.argv[2:] or BUGS:
        folder = fresh(root / name.replace(" ", "-"))
        shutil.copy(sound / kills.REFERENCE, folder)
        outcome = asyncio.run(hunted(folder, name))
        caught &= bool(outcome.findings)
        first = outcome.findings[0][:100] if outcome.findings else "NOT CAUGHT"
        found = str(len(outcome.findings))
        shown.add_row(name, str(sum(outcome.kills.values())), str(outcome.books), found, first)
    Console(width=200).print(shown)
    sys.exit(not caught)


if __name__ == "__main__":
    main()
