"""`make faults`: kills everything at random during ingests, then asks the checker.

    python -m tests.faults.kills --kills 1000 --seed 1 --folder build/faults

A run that is cut off goes on in the same folder with the next kill.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from tests.faults.checker import Checker, Portrait
from tests.faults.journal import Journal
from tests.faults.person import Person
from tests.faults.world import (
    LEASE_SECONDS,
    MEMBERS,
    SWEEP_SECONDS,
    World,
)
from tests.flows.acceptance import sample_book

PEOPLE = 3
REFERENCE = "reference.json"
WEIGHTS = {
    **dict.fromkeys(MEMBERS, 3),
    "reader": 2,
    "nursery": 2,
    "embedder": 1,
    "postgres": 1,
    "valkey": 2,
    "freeze": 2,
}
"""How often each is chosen; a frozen worker outlives its lease and goes on."""
PAUSE_SECONDS = 0.9
"""Mean time between two faults."""
PATIENCE_SECONDS = 180
"""From the last fault to the last notes."""
LISTEN_SECONDS = 20
"""For what the sockets still have to tell."""


@dataclass(slots=True)
class Outcome:
    kills: dict[str, int]
    books: int
    notifications: int
    findings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    world: World
    journal: Journal
    seed: int
    book: bytes
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    patience_seconds: float = PATIENCE_SECONDS
    stuck: list[str] = field(default_factory=list)

    async def go(self, kills: int, progress: Progress) -> Outcome:
        await self.world.start()
        try:
            reference = await self._reference()
            people = self._people()
            living = [asyncio.create_task(person.live()) for person in people]
            watch = asyncio.create_task(self._watch())
            try:
                await self._disturb(kills, progress)
                for person in people:
                    person.leaving.set()
                complaints = await self._complaints(living)
            finally:
                for task in (*living, watch):
                    task.cancel()
                await asyncio.gather(*living, watch, return_exceptions=True)
            return await self._judged(people, reference, complaints)
        finally:
            await self.world.stop()
            self.journal.close()

    async def _reference(self) -> Portrait:
        """What an undisturbed run makes of the book; kept, for a run that goes on."""
        kept = self.world.folder / REFERENCE
        portrait = _kept(kept)
        if portrait is None:
            async with asyncio.timeout(self.patience_seconds):
                portrait = await self._undisturbed()
            _keep(kept, portrait)
        return portrait

    async def _undisturbed(self) -> Portrait:
        first = Person("first@school.test", self._webs(), self.book, self.journal)
        first.leaving.set()
        await first.live()
        await first._upload_one()
        (material,) = first.account.acknowledged
        await first._settle(material)
        await _quiet(self.world)
        await first.caught_up(2, LISTEN_SECONDS)
        async with _checker(self.world) as checker:
            return await checker.portrait(material)

    def _webs(self) -> list[str]:
        return [self.world.members[name].url for name in ("web 1", "web 2")]

    def _people(self) -> list[Person]:
        emails = [f"person-{number}@school.test" for number in range(PEOPLE)]
        return [Person(email, self._webs(), self.book, self.journal) for email in emails]

    async def _disturb(self, kills: int, progress: Progress) -> None:
        chance = random.Random(f"{self.seed}/{len(self.journal.kills)}")
        bar = progress.add_task("kills", total=kills, completed=len(self.journal.kills))
        pending: set[asyncio.Task[None]] = set()
        while len(self.journal.kills) < kills:
            await asyncio.sleep(chance.expovariate(1 / PAUSE_SECONDS))
            victim = chance.choices(list(self.weights), list(self.weights.values()))[0]
            if victim == "freeze":
                worker = chance.choice(["worker 1", "worker 2", "worker 3"])
                frozen = asyncio.create_task(self.world.freeze(worker, LEASE_SECONDS * 1.5))
                pending.add(frozen)
                frozen.add_done_callback(pending.discard)
                continue
            await self.world.kill(victim)
            self.journal.write("kill", victim=victim)
            progress.update(bar, completed=len(self.journal.kills))
            if victim in MEMBERS:
                # Two may be down at once; more would only measure how fast Python starts.
                await self._most_are_up()
        await asyncio.gather(*pending)

    async def _most_are_up(self, down: int = 2) -> None:
        tasks = [asyncio.create_task(self.world.ready(name)) for name in MEMBERS]
        try:
            for done in asyncio.as_completed(tasks):
                await done
                if sum(not task.done() for task in tasks) <= down:
                    return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        """A lease that ran out is found within a sweep, while there are a database and a relay."""
        margin = SWEEP_SECONDS + 3
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(OSError, TimeoutError):
                kills = len(self.journal.kills)
                await self.world.ready("relay")
                await asyncio.sleep(margin)
                disturbed = {"relay", "postgres"} & set(self.journal.kills[kills:])
                async with _checker(self.world) as checker:
                    if not disturbed:
                        self.stuck += await checker.stuck(margin)

    async def _complaints(self, living: list["asyncio.Task[None]"]) -> list[str]:
        """Of people who still wait, and of those who were given an answer that may not be."""
        done, late = await asyncio.wait(living, timeout=self.patience_seconds)
        waiting = [f"a person still waited after {self.patience_seconds} s"] * len(late)
        return waiting + [str(error) for task in done if (error := task.exception())]

    async def _judged(
        self, people: list[Person], reference: Portrait, complaints: list[str]
    ) -> Outcome:
        findings = [*self.stuck, *complaints]
        if not complaints:
            await _quiet(self.world)
        async with _checker(self.world) as checker:
            await asyncio.gather(
                *(
                    person.caught_up(2 * len(person.account.acknowledged), LISTEN_SECONDS)
                    for person in people
                )
            )
            findings += await checker.findings(self.journal, reference, self.book)
        accounts = self.journal.accounts.values()
        victims = {**WEIGHTS, **self.weights}
        killed = {name: self.journal.kills.count(name) for name in victims if name != "freeze"}
        return Outcome(
            kills=killed,
            books=sum(len(each.acknowledged) for each in accounts),
            notifications=sum(len(each.seen) for each in accounts),
            findings=findings,
        )


def _kept(path: Path) -> Portrait | None:
    return json.loads(path.read_text()) if path.exists() else None


def _keep(path: Path, portrait: Portrait) -> None:
    path.write_text(json.dumps(portrait))


@contextlib.asynccontextmanager
async def _checker(world: World) -> AsyncIterator[Checker]:
    connection = await world.connect()
    try:
        yield Checker(connection, world.stored or world.in_folder)
    finally:
        await connection.close()


async def _quiet(world: World) -> None:
    """Until every delivery has ended, or for a minute."""
    async with _checker(world) as checker:
        for _ in range(240):
            if not await checker.connection.fetchval(
                "SELECT count(*) FROM events.deliveries WHERE state NOT IN ('done', 'dead')"
            ):
                return
            await asyncio.sleep(0.25)


async def run(folder: Path, kills: int, seed: int, world: World | None = None) -> Outcome:
    """`world`: another than that of one machine; what befalls its own engines is as likely as what
    befalls Valkey.
    """
    world = world or World(folder)
    weights = {**WEIGHTS, **dict.fromkeys(world.others, WEIGHTS["valkey"])}
    with Progress() as progress:
        return await Run(
            world, Journal(folder / "journal"), seed, sample_book(), weights=weights
        ).go(kills, progress)


def table(outcome: Outcome) -> Table:
    shown = Table("what", "count", title="Killed at random, during ingests of the sample")
    for name, count in outcome.kills.items():
        shown.add_row(f"killed: {name}", str(count))
    shown.add_row("kills in all", str(sum(outcome.kills.values())))
    shown.add_row("books acknowledged", str(outcome.books))
    shown.add_row("notifications told", str(outcome.notifications))
    shown.add_row("findings of the checker", str(len(outcome.findings)))
    return shown


def main() -> None:
    from rich.console import Console  # noqa: PLC0415

    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("build/faults"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    outcome = asyncio.run(run(options.folder.resolve(), options.kills, options.seed))
    console = Console()
    console.print(table(outcome))
    for finding in outcome.findings[:40]:
        console.print(f"[red]{finding}[/]")
    sys.exit(bool(outcome.findings))


if __name__ == "__main__":
    main()
