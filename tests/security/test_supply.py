"""What third parties wrote: each piece is named, pinned by its hash, from where we expect."""

import json
import tomllib

from tests.conftest import ROOT

PYPI, NPM = "https://pypi.org/simple", "https://registry.npmjs.org/"
PYTHON = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
JAVASCRIPT = {
    path: each
    for path, each in json.loads((ROOT / "web" / "package-lock.json").read_text())[
        "packages"
    ].items()
    if path and not each.get("inBundle")  # inside of another's file, and so of its hash
}


def test_each_python_package_comes_from_the_public_index() -> None:
    foreign = {each["name"]: each["source"] for each in PYTHON if each["name"] != "studium"}
    assert {source.get("registry") for source in foreign.values()} == {PYPI}


def test_each_python_file_is_pinned_by_its_hash() -> None:
    for package in PYTHON:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert package["name"] == "studium" or files
        assert all(each["hash"].startswith("sha256:") for each in files), package["name"]


def test_each_javascript_package_is_pinned_by_its_hash() -> None:
    for path, package in JAVASCRIPT.items():
        assert package["integrity"].startswith("sha512-"), path
        assert package.get("resolved", NPM).startswith(NPM), path
