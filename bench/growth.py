"""What a call costs among a million accounts, beside the same call among ten thousand.

Two populations from one seed (`bench/population.py`), each with engines and a web process of its
own, side by side. A block of calls to one, then to the other: what else runs on the machine weighs
on both alike. p50 and p99 are of the calls as an HTTP client sees them; CPU is of the web process,
its children and the engines, a call.

- Callers are drawn at random, each once a slice, and the cache is emptied between the slices: no
  answer comes from it. Whoever asks for courses has two: answers are equally long on both sides.
- The populations' passwords are hashed with parameters that cost 20 µs, and the web processes hash
  with the same (`bench/cheap_hashing.py`): log-ins without hashing.
- Databases are in the page cache; each PostgreSQL has shared buffers of 128 MB.

`PYTHONPATH=. python bench/growth.py [calls…]`; where calls are named, the others keep the figures
of the run before.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

import psutil
from redis.asyncio import Redis

from bench import growth_calls, population, served
from bench.growth_calls import CALLS
from bench.marks import Figure, kept, show
from bench.population_draw import draw
from bench.population_people import People
from bench.served import Served
from studium.runtime.tokens import open_signing_key
from studium.settings import Settings

SMALL, LARGE = 10_000, 1_000_000
SLICES, BLOCKS, BLOCK, WARM = 3, 24, 25, 20
MOST = 1.3
UNLIMITED = dict.fromkeys(
    (*("writes_per_minute", "uploads_per_minute", "searches_per_minute", "log_ins_per_minute"),), 0
)


@dataclass(slots=True)
class Side:
    """One population, served."""

    settings: Settings
    web: Served
    asking: growth_calls.Asking
    engines: list[psutil.Process]

    def cpu(self) -> float:
        """CPU seconds so far: of the web process, its children and the engines."""
        roots = [psutil.Process(self.web.pid), *self.engines]
        family = [each for root in roots for each in (root, *root.children(recursive=True))]
        return sum(served.cpu_of(each.pid) for each in family)

    async def ask(self, calls: list[bytes]) -> list[float]:
        """Seconds until each answer is here; over one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.web.port, limit=1 << 22)
        took = []
        for call in calls:
            started = time.perf_counter()
            writer.write(call)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            took.append(time.perf_counter() - started)
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError((head + body).decode())
        writer.close()
        return took

    async def forget(self) -> None:
        async with Redis.from_url(self.settings.redis) as valkey:
            await valkey.flushall()


@dataclass(slots=True)
class Slice:
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def p(self, hundredth: int) -> float:
        ordered = sorted(self.seconds)
        return ordered[len(ordered) * hundredth // 100]

    @property
    def cpu_of_one(self) -> float:
        return self.cpu / len(self.seconds)


async def measured(name: str, sides: tuple[Side, Side]) -> list[tuple[Slice, Slice]]:
    """Slices of both sides."""
    found = []
    for _ in range(SLICES):
        for side in sides:
            await side.forget()
            await side.ask([side.asking.next(name) for _ in range(WARM)])
        here = Slice(), Slice()
        for block in range(BLOCKS):
            for n in (0, 1) if block % 2 else (1, 0):
                await _block(name, sides[n], here[n])
        found.append(here)
    return found


async def _block(name: str, side: Side, into: Slice) -> None:
    calls = [side.asking.next(name) for _ in range(BLOCK)]
    before = side.cpu()
    into.seconds += await side.ask(calls)
    into.cpu += side.cpu() - before


MEASURES: dict[str, Callable[[Slice], float]] = {
    "p50": lambda part: part.p(50),
    "p99": lambda part: part.p(99),
    "CPU": lambda part: part.cpu_of_one,
}


def figures(name: str, slices: list[tuple[Slice, Slice]]) -> Iterator[Figure]:
    for measure, of in MEASURES.items():
        small, large = (median(of(each[n]) for each in slices) * 1e3 for n in (0, 1))
        ratio = median(of(large) / of(small) for small, large in slices)
        yield Figure(f"{name}, {measure}", f"{large:.2f} ms", f"{small:.2f} ms", ratio, MOST)


@asynccontextmanager
async def side(accounts: int) -> AsyncIterator[Side]:
    async with population.opened(accounts) as opened:
        await population.renew(opened)
        settings = opened.model_copy(update=UNLIMITED)
        hashing = "bench.cheap_hashing"
        async with served.studium(settings, *served.EVERY_WEB, module=hashing) as web:
            key = open_signing_key(settings.home / "secrets" / "signing-key.pem")
            asking = growth_calls.Asking(People(draw(accounts)), key)
            yield Side(settings, web, asking, _engines(settings))


def _engines(settings: Settings) -> list[psutil.Process]:
    home = f"{settings.home}/"
    return [
        child
        for child in psutil.Process().children()
        if child.name() in served.ENGINES
        and (home in " ".join(child.cmdline()) or home in f"{child.cwd()}/")
    ]


async def main(names: list[str]) -> bool:
    found: dict[str, list[Figure]] = {name: [] for name in CALLS} | (_before() if names else {})
    async with AsyncExitStack() as stack:
        small = await stack.enter_async_context(side(SMALL))
        large = await stack.enter_async_context(side(LARGE))
        for name in names or CALLS:
            found[name] = list(figures(name, await measured(name, (small, large))))
            print("\n".join(str(each.row) for each in found[name]), file=sys.stderr)
    every = [each for of_one in found.values() for each in of_one]
    return show("growth", f"{LARGE:,} accounts beside {SMALL:,}", every)


def _before() -> dict[str, list[Figure]]:
    """Call → its figures, of the run before."""
    _, figures_before = kept("growth")
    return {
        name: [each for each in figures_before if each.what.rpartition(", ")[0] == name]
        for name in CALLS
    }


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(sys.argv[1:])))
