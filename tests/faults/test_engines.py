"""What an engine does to Studium when it forgets, fills up, stands still or loses the time.

Every row of docs/reliability.md that names this file. The processes are real and separate; the
checker compares the book with one that nothing disturbed.
"""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.conftest import opened
from tests.faults.checker import Checker, Portrait
from tests.faults.journal import Journal
from tests.faults.person import Person
from tests.faults.world import LEASE_SECONDS, World
from tests.flows.acceptance import sample_book

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
PATIENCE_SECONDS = 120
HOUR = 3600
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


class Stage:
    """A world with one person in it, and the book that nothing disturbed."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person
        self.undisturbed: Portrait = {}

    @property
    def web(self) -> str:
        return self.world.members["web 1"].url

    async def upload(self) -> str:
        """Acknowledged; its id."""
        before = set(self.person.account.acknowledged)
        await self.person._upload_one()
        (material,) = set(self.person.account.acknowledged) - before
        return material

    async def ended(self, material: str) -> None:
        """It ends, and is what it would have been."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.person._settle(material)
        async with self.looking() as checker:
            for _ in range(100):
                found = await checker.portrait(material)
                if found == self.undisturbed:
                    break
                await asyncio.sleep(0.2)  # the last notification may be on its way
            assert found == self.undisturbed

    async def answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.person.token}"}
        async with httpx.AsyncClient(base_url=self.web, timeout=30, headers=headers) as client:
            return await client.request(method, path, **options)

    async def uploaded(self, course: str, content: bytes) -> httpx.Response:
        files = {"file": ("book.pdf", content, "application/pdf")}
        return await self.answer("POST", f"/v1/courses/{course}/materials", files=files)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Checker]:
        connection = await self.world.connect()
        try:
            yield Checker(connection, self.world.in_folder)
        finally:
            await connection.close()

    async def sql(self, *statements: str) -> None:
        async with self.looking() as checker:
            for statement in statements:
                await checker.connection.execute(statement)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    world = World(opened(folder))
    await world.start()
    try:
        webs = [world.members["web 1"].url]
        stage = Stage(
            world, Person("teacher@school.test", webs, sample_book(), Journal(folder / "j"))
        )
        stage.person.leaving.set()
        await stage.person.live()
        first = await stage.upload()
        await stage.person._settle(first)
        async with stage.looking() as checker:
            for _ in range(100):
                stage.undisturbed = await checker.portrait(first)
                if stage.undisturbed["notifications"].count("\n") == 1:
                    break
                await asyncio.sleep(0.2)
        yield stage
    finally:
        await world.stop()


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("stage")) as ready:
        yield ready


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", folder], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


# ── Valkey ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.timeout(300)
async def test_valkey_emptied_in_the_middle(stage: Stage) -> None:
    """FLUSHALL, five times while a book is read: messages, groups and cache are gone."""
    material = await stage.upload()
    async with Redis.from_url(stage.world.settings.redis) as redis:
        for _ in range(5):
            await redis.flushall()
            await asyncio.sleep(0.3)
    await stage.ended(material)


@pytest.mark.timeout(300)
async def test_valkey_comes_back_without_its_disk(stage: Stage) -> None:
    material = await stage.upload()
    valkey = stage.world.home.folder / "valkey"

    def wiped() -> None:
        shutil.rmtree(valkey / "appendonlydir")

    stage.world._valkey._process.kill()  # type: ignore[union-attr]
    await stage.world._valkey._process.wait()  # type: ignore[union-attr]
    wiped()
    await stage.world._valkey.start()
    await stage.ended(material)


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.timeout(300)
async def test_a_database_that_takes_no_changes(stage: Stage) -> None:
    """Reads go on, changes say that nothing was changed, and the work in hand ends afterwards."""
    material = await stage.upload()
    course = stage.person.account.acknowledged[material]
    await stage.sql(
        "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"
    )
    try:
        await asyncio.sleep(1)
        refused = await stage.uploaded(course, sample_book() + b"%")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "Nothing was changed" in refused.json()["detail"]
        assert (await stage.answer("GET", f"/v1/materials/{material}")).status_code == 200
        await asyncio.sleep(2 * LEASE_SECONDS)
    finally:
        await stage.sql(
            "SET default_transaction_read_only = off",
            "ALTER SYSTEM RESET default_transaction_read_only",
            "SELECT pg_reload_conf()",
        )
    folder = stage.world.home.folder / "objects"
    assert len(list(folder.rglob("*.pdf"))) == len(stage.person.account.acknowledged)
    await stage.ended(material)


@pytest.mark.timeout(300)
async def test_a_slow_disk(stage: Stage) -> None:
    """Each commit that ends or extends a delivery takes half a lease more: leases are extended in
    time, and nothing is done twice.
    """
    pause = LEASE_SECONDS / 2
    await stage.sql(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_sleep({pause}); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER slowly AFTER UPDATE ON events.deliveries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state <> 'sent')"
        " EXECUTE FUNCTION slowly()",
    )
    try:
        material = await stage.upload()
        await stage.ended(material)
    finally:
        await stage.sql("DROP FUNCTION slowly() CASCADE")


@as_root
@pytest.mark.timeout(300)
async def test_the_database_s_disk_is_full(tmp_path: Path) -> None:
    """What was acknowledged is there when there is room again; what was refused says so."""
    postgres = opened(tmp_path) / "home" / "postgres"
    with small_disk(postgres, "700m"):
        async with staged(tmp_path) as stage:
            material = await stage.upload()
            course = stage.person.account.acknowledged[material]
            ballast = postgres / "ballast"
            try:
                filled(ballast)
                answers = [
                    (await stage.uploaded(course, sample_book() + b"%%%d" % number))
                    for number in range(10)
                ]
            finally:
                ballast.unlink()
            assert {each.status_code for each in answers} <= {202, 503}
            if stage.world._postgres._process.returncode is not None:  # type: ignore[union-attr]
                await stage.world._postgres.start()
            await stage.ended(material)
            for each in answers:
                if each.status_code == 202:
                    seen = await stage.answer("GET", f"/v1/materials/{each.json()['id']}")
                    assert seen.status_code == 200


def filled(ballast: Path) -> None:
    """Takes the disk to its last byte."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


# ── objects ───────────────────────────────────────────────────────────────────────────────────
@as_root
@pytest.mark.timeout(300)
async def test_the_disk_of_the_files_is_full(stage: Stage) -> None:
    """An upload that has no room is refused, and leaves neither a row nor a byte."""
    material = await stage.upload()
    await stage.ended(material)
    course = stage.person.account.acknowledged[material]
    objects = stage.world.home.folder / "objects"
    book = sample_book() + b"%another"
    with small_disk(objects, "512k"):
        refused = await stage.uploaded(course, book + bytes(2 << 20))
        assert refused.status_code == 503, refused.text
        assert "Nothing was changed" in refused.json()["detail"]
        assert not [path for path in objects.rglob("*") if path.is_file()]
    accepted = await stage.uploaded(course, book)
    assert accepted.status_code == 202


# ── time ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not here (make engines)")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_the_database_s_clock_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """By an hour, in the middle. Forward, every lease runs out at once and who works on loses it;
    back, a lost lease is found an hour later, unless its worker ends it before: both do nothing
    twice.
    """
    clock = opened(tmp_path) / "clock"
    clock.write_text("+0")
    clock.chmod(0o644)
    for name, value in {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    async with staged(tmp_path) as stage:
        material = await stage.upload()
        await asyncio.sleep(0.5)
        clock.write_text(f"{jump:+d}")
        async with stage.looking() as checker:
            jumped = await checker.connection.fetchval(
                "SELECT extract(epoch FROM clock_timestamp())"
            )
        assert abs(float(jumped) - time.time() - jump) < 60, "the clock did not jump"
        await stage.ended(material)


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not here (make engines)")
@pytest.mark.timeout(300)
async def test_a_worker_s_clock_does_not_matter(stage: Stage) -> None:
    """Deliveries live by the database's clock. The workers start again a day ahead."""
    told = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+1d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    workers = [name for name in stage.world.members if name.startswith("worker")]
    stage.world.told.update(told)
    try:
        for name in workers:
            await stage.world.kill(name)
        await asyncio.gather(*(stage.world.ready(name) for name in workers))
        await stage.ended(await stage.upload())
    finally:
        stage.world.told.clear()
        for name in workers:
            await stage.world.kill(name)
