"""A running `studium stack` on a folder of its own."""

from contextlib import suppress
from pathlib import Path

import psutil

from studium.adapters.embedded.processes import free_port
from tests.conftest import launched, wait_until_ready

REPLICAS = 2


class Stack:
    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        asked = ("stack", "--replicas", str(REPLICAS))
        self.process = launched(folder, self.port, *asked, **settings)

    def wait(self) -> None:
        wait_until_ready(self.url, self.process, self.log)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(90)

    def below(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def of(self, *arguments: str) -> list[psutil.Process]:
        """The processes that were started with these words."""
        found = []
        for each in self.below():
            with suppress(psutil.NoSuchProcess):  # it ended between the two looks
                if each.cmdline()[-len(arguments) :] == [*arguments]:
                    found.append(each)
        return found

    def urls(self, *arguments: str) -> list[str]:
        """Where those processes answer."""
        found = []
        for each in self.of(*arguments):
            with suppress(psutil.NoSuchProcess, KeyError):
                found.append(f"http://127.0.0.1:{each.environ()['STUDIUM_PORT']}")
        return found
