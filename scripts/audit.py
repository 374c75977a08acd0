"""Known holes: of our own code (bandit), of the packages of Python (pip-audit) and web (npm audit).

`audit.py code` asks bandit alone, which needs no network. Packages are asked of the advisory
services; where one cannot be reached that is said, and it is no failure: nothing is known then. A
finding fails unless `scripts/audited.toml` explains it; a finding in the code is explained on its
line, by `# nosec` with its number after a reason.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
UV = ROOT / "build" / "uv" / "bin" / "uv"
EXPLAINED = Path(__file__).with_name("audited.toml")
PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Finding:
    ids: frozenset[str]
    """The same hole has several names: GHSA-…, CVE-…, PYSEC-…"""
    where: str


@dataclass(frozen=True, slots=True)
class Report:
    asked: int
    findings: tuple[Finding, ...] = ()
    not_asked: str = ""
    """What is not known, and why."""


def explained() -> list[dict[str, str]]:
    entries: list[dict[str, str]] = tomllib.loads(EXPLAINED.read_text()).get("explained", [])
    return entries


def unexplained(report: Report, entries: Sequence[dict[str, str]]) -> list[Finding]:
    known = {entry["id"] for entry in entries}
    return [finding for finding in report.findings if not finding.ids & known]


# ── bandit ────────────────────────────────────────────────────────────────────────────────────
def code(folder: Path = ROOT / "src") -> Report:
    told = json.loads(_run("bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r", str(folder)))
    if told["errors"]:
        raise SystemExit(f"bandit could not read {told['errors']}")
    return Report(len(told["metrics"]) - 1, tuple(map(_of_bandit, told["results"])))


def _of_bandit(result: dict[str, Any]) -> Finding:
    where = f"{result['filename']}:{result['line_number']}: {result['issue_text']}"
    return Finding(frozenset({result["test_id"]}), where)


# ── the packages ──────────────────────────────────────────────────────────────────────────────
def python_packages() -> Report:
    with tempfile.TemporaryDirectory() as folder:
        locked = Path(folder) / "locked.txt"
        _run(UV, "export", "--frozen", "--quiet", "--no-emit-project", "-o", str(locked))
        arguments = ("--disable-pip", "--require-hashes", "--progress-spinner", "off")
        return of_pip_audit(_run("pip-audit", "-r", str(locked), *arguments, "-f", "json"))


def of_pip_audit(told: str) -> Report:
    if not told.startswith("{"):
        return Report(0, not_asked="PyPI did not answer.")
    packages = json.loads(told)["dependencies"]
    asked = [each for each in packages if "skip_reason" not in each]
    missing = len(packages) - len(asked)
    findings = (
        Finding(frozenset({hole["id"], *hole["aliases"]}), f"{each['name']} {each['version']}")
        for each in asked
        for hole in each["vulns"]
    )
    word = f"PyPI answers nothing about {missing} of {len(packages)} packages." if missing else ""
    return Report(len(asked), tuple(findings), word)


def web_packages() -> Report:
    return of_npm_audit(_run("npm", "--prefix", "web", "audit", "--json"))


def of_npm_audit(told: str) -> Report:
    answer = json.loads(told) if told.startswith("{") else {}
    if "metadata" not in answer:
        why = answer.get("message") or answer.get("error", {}).get("summary") or "no answer"
        return Report(0, not_asked=f"The npm registry tells no advisories: {why}")
    asked = answer["metadata"]["dependencies"]["total"]
    # A package may be named only because it needs another that has the hole.
    holes = (
        (name, hole)
        for name, package in answer["vulnerabilities"].items()
        for hole in package["via"]
        if isinstance(hole, dict)
    )
    return Report(asked, tuple(_of_npm(name, hole) for name, hole in holes))


def _of_npm(name: str, hole: dict[str, Any]) -> Finding:
    return Finding(frozenset({hole["url"].rsplit("/", 1)[-1]}), f"{name}: {hole['title']}")


def _run(command: str | Path, *arguments: str) -> str:
    """What it printed. These commands fail where they find something."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(command) if isinstance(command, Path) else str(BIN / command), *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


AUDITS: dict[str, Callable[[], Report]] = {
    "code": code,
    "python": python_packages,
    "web": web_packages,
}


def main(names: Sequence[str]) -> int:
    entries, failed = explained(), False
    for name in names or AUDITS:
        report = AUDITS[name]()
        left = unexplained(report, [] if name == "code" else entries)
        failed = failed or bool(left)
        word = f" NOT ASKED: {report.not_asked}" if report.not_asked else ""
        counts = f"{report.asked} asked, {len(report.findings)} found, {len(left)} unexplained."
        print(f"{name}: {counts}{word}")
        for finding in left:
            print(f"  {' '.join(sorted(finding.ids))}  {finding.where}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
