"""What the process hands out as files: the built app and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from studium.runtime.webapp import POLICY, mount_web_app

FILES = {
    "index.html": "text/html; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
    "assets/app.js": "text/javascript; charset=utf-8",
    "assets/worker.mjs": "text/javascript; charset=utf-8",
    "assets/app.css": "text/css; charset=utf-8",
    "assets/font.woff2": "font/woff2",
    "assets/part.wasm": "application/wasm",
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    dist = tmp_path / "dist"
    for name in FILES:
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text(f"the file {name}")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "assets" / "out.txt").symlink_to(tmp_path / "secret.txt")
    app = FastAPI()
    mount_web_app(app, dist)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studium.test") as api:
        yield api


@pytest.mark.parametrize(("name", "kind"), FILES.items())
async def test_a_file_says_what_it_is_and_in_which_letters(
    site: httpx.AsyncClient, name: str, kind: str
) -> None:
    answer = await site.get(f"/{name}")
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/out.txt",
        "/assets/.git/config.txt",
        "/.env",
        "//etc/passwd.txt",
    ],
)
async def test_nothing_outside_of_the_app_is_served(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.get(path)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/assets", "/assets/", "/.git/config"])
async def test_a_folder_shows_the_app_s_page_and_no_list(
    site: httpx.AsyncClient, path: str
) -> None:
    assert (await site.get(path)).text == "the file index.html"


def test_the_page_s_policy_trusts_its_own_files_only() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
