"""Folders that the engines of one machine can reach."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest


@pytest.fixture
def roomy() -> Iterator[Path]:
    """Not pytest's own folder: that is closed again by each further pytest of the same user, and
    PostgreSQL is another user under root.
    """
    with TemporaryDirectory(prefix="studium-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def folder(roomy: Path) -> Path:
    """Its name is one that people give to folders."""
    made = roomy / "My books' ü"
    made.mkdir(mode=0o711)
    return made


@pytest.fixture
def group() -> str:
    """Of a broker's consumers; nobody else's."""
    return f"group-{uuid4().hex}"
