"""One process may hold the folder of a warehouse: whoever comes second is told at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studium.core.errors import StudiumError


class WarehouseHeldError(StudiumError):
    type = "warehouse-held"
    title = "Another process has the warehouse"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Raises `WarehouseHeldError`. The kernel frees the lock of a killed process."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(
        folder.with_name(f"{folder.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WarehouseHeldError(
                f"{folder} belongs to one process that serves analytics, and one runs already."
                " Run a single one, or set STUDIUM_WAREHOUSE to a ClickHouse server."
            ) from error
        yield
    finally:
        os.close(lock)
