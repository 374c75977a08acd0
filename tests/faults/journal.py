"""What the clients were told, in a file that outlives the run: one JSON object a line."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Account:
    email: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Material → course, of every upload that was answered with success."""
    settled: set[str] = field(default_factory=set)
    """Materials whose notes were told to be ready."""
    seen: list[int] = field(default_factory=list)
    """Numbers of the notifications, in the order in which the socket told them."""
    told: dict[int, list[str]] = field(default_factory=dict)
    """Number → type, material and time of what was told under it."""
    resets: int = 0


class Journal:
    """A run that was cut off goes on with what stands in the file."""

    def __init__(self, path: Path) -> None:
        self.accounts: dict[str, Account] = {}
        self.kills: list[str] = []
        if path.exists():
            for line in path.read_text().splitlines():
                self._apply(json.loads(line))
        self._file = path.open("a", buffering=1)

    def close(self) -> None:
        self._file.close()

    def write(self, kind: str, **facts: Any) -> None:
        line = {"kind": kind, **facts}
        self._file.write(json.dumps(line) + "\n")
        self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        if line["kind"] == "kill":
            self.kills.append(line["victim"])
            return
        account = self.accounts.setdefault(line["email"], Account(line["email"]))
        match line["kind"]:
            case "acknowledged":
                account.acknowledged[line["material"]] = line["course"]
            case "settled":
                account.settled.add(line["material"])
            case "seen":
                account.seen.append(line["id"])
                account.told[line["id"]] = line["told"]
            case "reset":
                account.resets += 1
