"""What a process tells the ones that it starts."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from studium.settings import Settings


def test_another_process_reads_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Settings(
        home=tmp_path,
        llm_key=SecretStr("a key"),
        quota_bytes=0,
        signing_key=tmp_path / "key.pem",
        trusted_proxies="10.0.0.0/8,::1",
        grace_seconds=1.5,
        log_json=True,
    )
    for name in [each for each in os.environ if each.startswith("STUDIUM_")]:
        monkeypatch.delenv(name)
    for name, value in told.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == told
