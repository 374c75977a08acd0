"""What an upload of 200 MB costs: commits, CPU a MB, and how much the web process grows.

Beside it, on the same uvicorn with the same multipart body, a bare Starlette application that
writes the body to a file as it comes and hashes it (it reads no form), and the same application the
way Starlette's documentation shows it, with `request.form()`.

CPU is of the serving process and of the engines; the client is a process's thread that is not
counted. `PYTHONPATH=. python bench/upload.py`
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import asyncpg

from bench import served
from bench.marks import Figure, show
from bench.served import MIB, Served, Teacher
from studium.adapters.embedded import cluster
from studium.adapters.embedded.home import Home
from studium.settings import Settings

MEGABYTES = 200
RUNS = 5
BOUNDARY = b"----a-boundary-that-does-not-occur-in-the-file"
HEAD = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="book.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n"
)
TAIL = b"\r\n--" + BOUNDARY + b"--\r\n"
PIECE = 256 * 1024
SAMPLE_SECONDS = 0.02


class Body:
    """A form with one file of `MEGABYTES`, another one at each run. Its bytes are random, as those
    of a PDF's compressed streams are.
    """

    def __init__(self) -> None:
        self._block = os.urandom(MIB)
        self.bytes = MEGABYTES * 1_000_000
        self.length = len(HEAD) + self.bytes + len(TAIL)

    def pieces(self) -> Iterator[bytes]:
        yield HEAD
        start = b"%PDF-1.7\n" + os.urandom(32)
        yield start
        left = self.bytes - len(start)
        while left:
            piece = self._block[: min(PIECE, left)]
            left -= len(piece)
            yield piece
        yield TAIL


async def send(to: Served, path: str, body: Body, token: str = "") -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", to.port)
    lines = [f"POST {path} HTTP/1.1", "Host: bench", f"Content-Length: {body.length}"]
    lines += [f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    for piece in body.pieces():
        writer.write(piece)
        await writer.drain()
    head = await reader.readuntil(b"\r\n")
    if head.split()[1] not in {b"200", b"202"}:
        raise RuntimeError((head + await reader.read(2000)).decode())
    writer.close()


class Growth:
    """The largest resident size seen while something runs, above the one before."""

    def __init__(self, process: Served) -> None:
        self._process = process
        self.before = process.rss()
        self.peak = self.before

    async def watch(self) -> None:
        while True:
            self.peak = max(self.peak, self._process.rss())
            await asyncio.sleep(SAMPLE_SECONDS)

    @property
    def mib(self) -> float:
        return (self.peak - self.before) / MIB


async def measured(to: Served, path: str, body: Body, token: str = "") -> tuple[float, float]:
    """CPU milliseconds a MB, and the growth in MiB."""
    growth = Growth(to)
    watching = asyncio.create_task(growth.watch())
    before = to.cpu() + served.engines_cpu()
    await send(to, path, body, token)
    cpu = to.cpu() + served.engines_cpu() - before
    watching.cancel()
    return cpu * 1000 / MEGABYTES, growth.mib


# ── commits ───────────────────────────────────────────────────────────────────────────────────
class Commits:
    """Of the courses database: those that wrote, and all that the web process's own role made."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    async def wrote(self) -> int:
        """Each writing transaction takes an id; asking for the next one to come takes none."""
        return int(
            await self._connection.fetchval(
                "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            )
        )

    async def all(self) -> int:
        await asyncio.sleep(1.5)  # a backend tells its counts once a second
        return int(
            await self._connection.fetchval(
                "SELECT xact_commit FROM pg_stat_database WHERE datname = 'courses'"
            )
        )


async def commits(settings: Settings, app: Served, teacher: Teacher, body: Body) -> list[Figure]:
    port = urlsplit(settings.courses_db).port or 0
    password = Home(settings.home).secret(cluster.SUPERUSER)
    connection = await cluster.connect(port, password, "courses")
    path = f"/v1/courses/{teacher.courses[0]}/materials"
    try:
        counted = Commits(connection)
        idle_before = await counted.all()
        idle = await counted.all() - idle_before
        wrote_before, all_before = await counted.wrote(), await counted.all()
        await send(app, path, body, teacher.token)
        total = await counted.all() - all_before - idle
        wrote = await counted.wrote() - wrote_before
    finally:
        await connection.close()
    return [
        Figure("commits that wrote", str(wrote), "–", wrote, 2, ""),
        Figure("transactions, also those that read", str(total), f"idle: {idle}", total, None, ""),
    ]


@contextmanager
def swept(folder: Path) -> Iterator[None]:
    """Files that a run left are removed: the page cache of 200 MB is nobody's figure."""
    try:
        yield
    finally:
        for path in folder.iterdir():
            path.unlink()


async def main() -> bool:
    body = Body()
    sides: dict[str, list[tuple[float, float]]] = {"ours": [], "copy": [], "form": []}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        async with (
            served.engines(quota_bytes=0) as settings,
            served.studium(settings, *served.WEB) as app,
            served.bare(folder) as bare,
            served.teacher(app.url) as teacher,
        ):
            await teacher.api.get("/v1/courses")
            path = f"/v1/courses/{teacher.courses[0]}/materials"
            for _ in range(RUNS):
                # The list of courses is kept for a minute: as for a teacher who just chose one.
                await teacher.api.get("/v1/courses")
                sides["ours"].append(await measured(app, path, body, teacher.token))
                with swept(folder):
                    sides["copy"].append(await measured(bare, "/copy", body))
                with swept(folder):
                    sides["form"].append(await measured(bare, "/form", body))
            await teacher.api.get("/v1/courses")
            figures = await commits(settings, app, teacher, body)
    return show("upload", f"an upload of {MEGABYTES} MB", figures + summary(sides))


def summary(sides: dict[str, list[tuple[float, float]]]) -> list[Figure]:
    ours = median(cpu for cpu, _ in sides["ours"])
    figures = []
    for name, mark in (("copy", 1.3), ("form", 1.3)):
        other = median(cpu for cpu, _ in sides[name])
        pairs = zip(sides["ours"], sides[name], strict=True)
        ratio = median(a[0] / b[0] for a, b in pairs)
        what = f"CPU a MB, beside bare /{name}"
        figures.append(Figure(what, f"{ours:.2f} ms", f"{other:.2f} ms", ratio, mark))
    grown = [max(mib for _, mib in sides[name]) for name in ("ours", "copy", "form")]
    beside = f"copy {grown[1]:.0f}, form {grown[2]:.0f} MiB"
    figures.append(Figure("growth, largest", f"{grown[0]:.1f} MiB", beside, grown[0], 30, "MiB"))
    return figures


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
