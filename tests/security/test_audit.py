"""Our own code is clean by bandit; what other audits found is told as it is."""

import json
import re
from pathlib import Path

import pytest

from scripts import audit
from scripts.audit import Finding, Report

ROOT = Path(__file__).parents[2]
LISTED = re.compile(r"GHSA(-[0-9a-z]{4}){3}|CVE-\d{4}-\d{4,}|PYSEC-\d{4}-\d+")
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1234"], "fix_versions": []}


def test_bandit_finds_nothing_in_our_code() -> None:
    report = audit.code()
    assert report.asked > 100
    assert report.findings == ()


def test_bandit_finds_what_is_planted(tmp_path: Path) -> None:
    (tmp_path / "hole.py").write_text("import subprocess\nsubprocess.run('ls *', shell=True)\n")
    assert any("B602" in finding.ids for finding in audit.code(tmp_path).findings)


def test_what_bandit_shall_not_see_is_numbered_and_explained() -> None:
    for file in (ROOT / "src").rglob("*.py"):
        for line in file.read_text().splitlines():
            if "nosec" in line:
                assert re.search(r"(# |- )\w+( \w+)+.*  # nosec B\d{3}$", line), f"{file}: {line}"


def test_what_is_explained_has_a_name_and_a_reason() -> None:
    for entry in audit.explained():
        assert set(entry) == {"id", "package", "why"}
        assert LISTED.fullmatch(entry["id"])
        assert len(entry["why"].split()) >= 5


def test_a_finding_passes_only_by_one_of_its_names() -> None:
    report = Report(1, (Finding(frozenset({"PYSEC-2026-1", "CVE-2026-1234"}), "somewhere 1.0"),))
    why = {"package": "somewhere", "why": "It is only used while the wheel is built."}
    assert audit.unexplained(report, [{"id": "CVE-2026-1234", **why}]) == []
    assert audit.unexplained(report, [{"id": "CVE-2026-1235", **why}]) == [*report.findings]


@pytest.mark.parametrize(
    ("packages", "asked", "found", "silent"),
    [
        ([{"name": "a", "version": "1", "vulns": [HOLE]}], 1, 1, False),
        ([{"name": "a", "version": "1", "vulns": []}], 1, 0, False),
        ([{"name": "a", "skip_reason": "not found on PyPI"}], 0, 0, True),
        (
            [{"name": "a", "skip_reason": "-"}, {"name": "b", "version": "2", "vulns": [HOLE]}],
            *(1, 1, True),
        ),
    ],
)
def test_what_pip_audit_could_not_ask_is_said(
    packages: list[dict[str, object]], asked: int, found: int, silent: bool
) -> None:
    report = audit.of_pip_audit(json.dumps({"dependencies": packages, "fixes": []}))
    assert (report.asked, len(report.findings), bool(report.not_asked)) == (asked, found, silent)
    assert audit.of_pip_audit("").not_asked


def test_what_npm_could_not_ask_is_said() -> None:
    hole = {"url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc", "title": "A hole"}
    found = {"a": {"via": [hole]}, "b": {"via": ["a"]}}
    told = {"vulnerabilities": found, "metadata": {"dependencies": {"total": 500}}}
    report = audit.of_npm_audit(json.dumps(told))
    assert (report.asked, report.not_asked) == (500, "")
    assert [sorted(finding.ids) for finding in report.findings] == [["GHSA-aaaa-bbbb-cccc"]]
    refused = audit.of_npm_audit('{"message": "405 Method Not Allowed"}')
    assert (refused.asked, "405" in refused.not_asked) == (0, True)
    assert audit.of_npm_audit("").not_asked
