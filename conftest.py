"""Where `STUDIUM_REQUIRE_ENGINES` is set, a skip whose reason is not listed fails the run."""

import os
from pathlib import Path

import pytest

LISTED = [
    line
    for line in (Path(__file__).parent / "tests" / "allowed_skips.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
UNLISTED: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.skipped or not os.environ.get("STUDIUM_REQUIRE_ENGINES"):
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not any(listed in reason for listed in LISTED):
        UNLISTED.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if UNLISTED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for each in UNLISTED:
        terminalreporter.write_line(f"SKIPPED, and not in tests/allowed_skips.txt: {each}")
