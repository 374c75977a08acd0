"""`studium up` and its neighbours, as a person meets them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from studium.adapters.embedded.home import SYSTEM_HOME, resolve
from studium.adapters.embedded.processes import free_port
from tests.conftest import launched, opened, wait_until_ready


def studium(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "studium", *arguments],
        env={**os.environ, "COLUMNS": "400", "STUDIUM_EMBEDDER": "static:", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Up:
    """A running `studium up` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        self.process = launched(self.folder, self.port, "up")
        wait_until_ready(self.url, self.process, self.log)

    def descendants(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(opened(tmp_path_factory.mktemp("up")))
    yield running
    running.process.terminate()
    running.process.wait(60)


def test_a_second_up_on_the_same_folder_says_so_and_stops(up: Up) -> None:
    second = studium("up", STUDIUM_HOME=str(up.home), STUDIUM_PORT=str(free_port()))
    assert second.returncode == 1
    assert f"process {up.process.pid} at {up.url}" in second.stderr
    assert httpx.get(f"{up.url}/readyz").status_code == 200


def test_a_taken_port_says_which_and_starts_nothing(up: Up, tmp_path: Path) -> None:
    second = studium("up", STUDIUM_HOME=str(tmp_path / "new"), STUDIUM_PORT=str(up.port))
    assert second.returncode == 1
    assert f"127.0.0.1:{up.port}" in second.stderr
    assert f"STUDIUM_PORT={up.port + 1}" in second.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    in_the_way = opened(tmp_path) / "file"
    in_the_way.write_text("no folder")
    answer = studium("up", STUDIUM_HOME=str(in_the_way), STUDIUM_PORT=str(free_port()))
    assert answer.returncode == 1
    assert "STUDIUM_HOME" in answer.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are closed to its servants")
def test_root_in_a_closed_folder_is_told_where_the_data_goes(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = resolve(closed / "data")
    assert home.folder == SYSTEM_HOME
    assert str(SYSTEM_HOME) in (home.remark or "")


def test_doctor_reports_on_the_running_app(up: Up) -> None:
    good = studium("doctor", STUDIUM_HOME=str(up.home), STUDIUM_PORT=str(up.port))
    assert good.returncode == 0, good.stdout + good.stderr
    bad = studium("doctor", STUDIUM_HOME=str(up.home), STUDIUM_PORT=str(free_port()))
    assert bad.returncode == 1
    assert "studium up" in bad.stdout


def test_unknown_parts_are_named(up: Up) -> None:
    assert "choose from" in studium("run", "kitchen").stderr
    assert "choose from" in studium("work", "kitchen").stderr


def test_every_process_shows_health_and_metrics(up: Up) -> None:
    assert httpx.get(f"{up.url}/healthz").text == "alive"
    engines = httpx.get(f"{up.url}/readyz").json()["engines"]
    assert set(engines.values()) == {"ok"}
    assert "studium_http_request_seconds" in httpx.get(f"{up.url}/metrics").text


def readers(up: Up) -> psutil.Process:
    """The process that reads the books."""
    (found,) = (each for each in up.descendants() if "work" in each.cmdline())
    return found


def test_books_are_read_beside_the_web_and_stand_back_for_it(up: Up) -> None:
    beside = readers(up)
    assert beside.cmdline()[-3:] == ["work", "library", "notes"]
    assert beside.nice() > psutil.Process(up.process.pid).nice()


def test_readers_that_fall_are_started_again(up: Up) -> None:
    fallen = readers(up)
    fallen.kill()
    psutil.wait_procs([fallen], timeout=20)
    answer = httpx.get(f"{up.url}/readyz", timeout=30)
    assert answer.status_code == 503
    assert "nothing is lost" in answer.json()["engines"]["readers"]
    assert httpx.get(f"{up.url}/healthz").text == "alive"
    wait_until_ready(up.url, up.process, up.log)
    assert readers(up).pid != fallen.pid


COLLECTIONS = """
import gc
from time import process_time
from studium import bootstrap
from studium.commands.process import settle

def full():
    started = process_time()
    gc.collect()
    return process_time() - started

full()
before = min(full() for _ in range(3))
settle()
print(before / min(full() for _ in range(3)))
"""


def test_what_a_process_has_loaded_is_not_collected_again_and_again() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", COLLECTIONS], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(answer.stdout) > 10, "a full collection is as long as before"


def test_the_web_app_is_served_and_what_is_missing_is_404(up: Up) -> None:
    page = httpx.get(f"{up.url}/courses")
    assert page.headers["content-type"].startswith("text/html")
    assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    for missing in ("/assets/none.js", "/v1/none", "/../pyproject.toml"):
        answer = httpx.get(up.url + missing)
        assert answer.status_code == 404, missing
        assert answer.headers["content-type"] == "application/problem+json"


def register(url: str, email: str) -> int:
    wish = {"email": email, "password": "long enough", "name": "N"}
    return httpx.post(f"{url}/v1/auth/register", json=wish, timeout=30).status_code


def test_ctrl_c_ends_everything_cleanly(tmp_path_factory: pytest.TempPathFactory) -> None:
    up = Up(opened(tmp_path_factory.mktemp("up")))
    engines = up.descendants()
    assert {"postgres", "valkey-server"} <= {each.name() for each in engines}
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0
    _, alive = psutil.wait_procs(engines, timeout=20)
    assert not alive


def test_after_a_crash_the_next_up_takes_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    up = Up(opened(tmp_path_factory.mktemp("up")))
    assert register(up.url, "kept@school.test") == 201
    up.process.kill()
    up.process.wait()
    up.start()
    assert register(up.url, "kept@school.test") == 409
    up.process.terminate()
    assert up.process.wait(60) == 0
