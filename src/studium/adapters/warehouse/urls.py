"""Where a warehouse is, read from its URL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

CONNECT_SECONDS, ANSWER_SECONDS = 2, 10
PORT, SECURE_PORT = 8123, 8443


@dataclass(frozen=True, slots=True)
class Place:
    options: dict[str, Any]
    """Of `clickhouse_connect.get_client`."""
    database: str
    folder: Path | None
    """Of the engine in this process; None for a server."""


def place_of(url: str) -> Place:
    """Raises `ValueError` for another scheme."""
    parts = urlsplit(url)
    match parts.scheme:
        case "chdb":
            folder = Path(unquote(parts.path))
            database = parse_qs(parts.query).get("database", ["studium"])[0]
            return Place({"interface": "chdb", "path": str(folder)}, database, folder)
        case "clickhouse" | "http":
            secure = False
        case "clickhouses" | "https":
            secure = True
        case scheme:
            raise ValueError(f"warehouse: {scheme}: is not known; use clickhouse:// or chdb:///")
    options = {
        "interface": "https" if secure else "http",
        "host": parts.hostname or "localhost",
        "port": parts.port or (SECURE_PORT if secure else PORT),
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "connect_timeout": CONNECT_SECONDS,
        "send_receive_timeout": ANSWER_SECONDS,
        # Sessions would let only one query of the client run at a time.
        "autogenerate_session_id": False,
    }
    return Place(options, parts.path.strip("/") or "studium", None)
