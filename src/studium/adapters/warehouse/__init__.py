"""`open_warehouse(url)`: the scheme chooses.

- `chdb:///folder`: ClickHouse inside this process; one process may hold a folder
- `clickhouse://`, `http://` or, encrypted, `clickhouses://`, `https://`
  (`user:password@host:8123/database`): a ClickHouse server or cluster over HTTP
"""

from studium.adapters.warehouse.clickhouse import ClickHouse
from studium.adapters.warehouse.urls import place_of
from studium.core.ports import Warehouse


def open_warehouse(url: str) -> Warehouse:
    """Connects at first use: in process it takes half a second and 80 MB. Raises `ValueError`."""
    return ClickHouse(place_of(url))
