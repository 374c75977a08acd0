"""The steps of deploy/Dockerfile without Docker, and what comes of them run as the image would: an
unprivileged user without capabilities, a root file system that cannot be written to.

`docker build` itself, the base images and their libraries are not proven here.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from studium.adapters.embedded.processes import free_port
from studium.adapters.embedded.servants import closed_way
from tests.conftest import ROOT, opened, wait_until_ready
from tests.deploy.dockerfile import copied, ignored, stages
from tests.flows.acceptance import PASSWORD, sample_book

STAGE = stages()["packages"]
UV = ROOT / "build" / "uv" / "bin" / "uv"
NOBODY = "65534"
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's folders are closed to its servants"
)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `opt` (the environment), `home` (the volume) and `tmp`."""
    folder = opened(tmp_path_factory.mktemp("image"))
    _copy_context(folder / "build")
    (install,) = [run for run in STAGE.of("RUN") if "--no-editable" in run]
    # What comes with the machine is compiled already; only time would be lost.
    command = install.replace("uv ", f"{UV} ", 1).replace("--compile-bytecode", "")
    told = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(folder / "opt"),
        "UV_PYTHON": _interpreter(),
    }
    subprocess.run(command, shell=True, cwd=folder / "build", env=told, check=True)
    for name in ("home", "tmp"):
        (folder / name).mkdir()
        shutil.chown(folder / name, int(NOBODY), int(NOBODY)) if os.geteuid() == 0 else None
    return folder


def _copy_context(build: Path) -> None:
    def hidden(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(ROOT)
        return {name for name in names if ignored((inside / name).as_posix())}

    build.mkdir()
    for origin, sources, target in copied(STAGE):
        for source in sources:
            path = source.removeprefix("/build/") if origin else source
            place = build / (path if target == "./" else target)
            if (ROOT / path).is_dir():
                shutil.copytree(ROOT / path, place, ignore=None if origin else hidden)
            else:
                shutil.copy(ROOT / path, place)


def _interpreter() -> str:
    """One that others may run too."""
    here = Path(sys.executable).resolve()
    named = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    return named if closed_way(here.parent) and Path(named).exists() else str(here)


def contained(folder: Path, *command: str) -> list[str]:
    """As root: nothing but `home` and `tmp` can be written to, and nothing is left of root."""
    if os.geteuid() != 0:
        return [*command]
    script = (
        'mount --make-rprivate / && mount --bind "$0/home" "$0/home"'
        ' && mount --bind "$0/tmp" "$0/tmp" && mount -o remount,bind,ro /'
        f" && exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs"
        ' --bounding-set=-all --inh-caps=-all -- "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, str(folder), *command]


@pytest.fixture(scope="module")
def served(image: Path) -> Iterator[str]:
    port = free_port()
    environment = {
        "PATH": f"{image / 'opt' / 'bin'}:/usr/bin:/bin",
        "HOME": str(image / "home"),
        "TMPDIR": str(image / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STUDIUM_HOME": str(image / "home"),
        "STUDIUM_PORT": str(port),
        "STUDIUM_EMBEDDER": "static:",
    }
    log = image / "log"
    command = contained(image, str(image / "opt" / "bin" / "studium"), "up")
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environment, cwd="/", stdout=sink, stderr=sink)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(60)


@as_root
def test_the_root_of_these_tests_cannot_be_written_to(image: Path) -> None:
    for place, writable in ((image, False), (image / "opt", False), (image / "home", True)):
        touch = contained(image, "touch", str(place / "written"))
        tried = subprocess.run(touch, capture_output=True, text=True, check=False)
        assert (tried.returncode == 0) is writable, tried.stderr
        assert writable or "Read-only file system" in tried.stderr


def test_the_installed_package_is_no_checkout(image: Path) -> None:
    (package,) = (image / "opt" / "lib").glob("python*/site-packages/studium")
    assert (package / "web" / "dist" / "index.html").is_file()
    assert (package / "migrations" / "courses" / "env.py").is_file()
    assert not (package.parent / "pytest").exists()


def test_it_serves_the_web_app(served: str) -> None:
    page = httpx.get(served)
    assert page.headers["content-type"].startswith("text/html")
    script = page.text.split('src="')[1].split('"')[0]
    assert "javascript" in httpx.get(served + script).headers["content-type"]


def test_it_reads_a_book(served: str) -> None:
    with httpx.Client(base_url=served, timeout=60) as api:
        wish = {"email": "t@school.test", "password": PASSWORD, "name": "T"}
        session = api.post("/v1/auth/register", json=wish).raise_for_status().json()
        api.headers["Authorization"] = f"Bearer {session['access_token']}"
        course = api.post("/v1/courses", json={"title": "Memory"}).raise_for_status().json()
        files = {"file": ("book.pdf", sample_book(), "application/pdf")}
        sent = api.post(f"/v1/courses/{course['id']}/materials", files=files).raise_for_status()
        path = f"/v1/materials/{sent.json()['id']}"
        until = time.monotonic() + 120
        while (book := api.get(path).json())["status"] == "processing":
            assert time.monotonic() < until, book
            time.sleep(0.3)
    assert (book["status"], book["receipt"]["failed"]) == ("ready", 0)
