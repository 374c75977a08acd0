"""What deploy/Dockerfile says, read as far as its tests need."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"


@dataclass(slots=True)
class Stage:
    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    """Instruction and the rest of its line."""

    def of(self, instruction: str) -> list[str]:
        return [rest for each, rest in self.steps if each == instruction]

    def environment(self) -> dict[str, str]:
        pairs = [pair.partition("=") for line in self.of("ENV") for pair in line.split()]
        return {name: value for name, _, value in pairs}


def stages(path: Path = DOCKERFILE) -> dict[str, Stage]:
    text = re.sub(r"\\\n\s*", " ", path.read_text())
    arguments: dict[str, str] = {}
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        instruction, rest = line.split(maxsplit=1)
        if instruction == "ARG" and current is None:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif instruction == "FROM":
            base, name = rest.split(" AS ")
            base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], base)
            current = found[name] = Stage(name, base)
        else:
            assert current is not None
            current.steps.append((instruction, rest))
    return found


def copied(stage: Stage) -> Iterator[tuple[str | None, list[str], str]]:
    """Stage or None, sources, target of each COPY."""
    for rest in stage.of("COPY"):
        words = rest.split()
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        yield origin, words[:-1], words[-1]


def ignored(path: str) -> bool:
    """By .dockerignore; what we use of its rules: the last that fits decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        regex = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{regex}(/|$)", path):
            verdict = not line.startswith("!")
    return verdict
