"""`open_objects(url)`: `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from obstore.store import LocalStore, S3Store

from studium.adapters.objects.store import StoredObjects
from studium.core.ports import Objects


def open_objects(url: str) -> Objects:
    """Credentials of S3 come from the URL's query (`access_key`, `secret_key`) or from where the
    AWS tools look. Raises `ValueError` for another scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return StoredObjects(LocalStore(folder), folder)
    if parts.scheme == "s3":
        return StoredObjects(_s3(parts.netloc, parts.path, parse_qs(parts.query)))
    raise ValueError(f"objects: {parts.scheme}: is not known; use file:// or s3://")


def _s3(bucket: str, path: str, query: dict[str, list[str]]) -> S3Store:
    given = {name: values[0] for name, values in query.items()}
    names = {
        "endpoint": "endpoint",
        "region": "region",
        "access_key": "access_key_id",
        "secret_key": "secret_access_key",  # the name of a parameter  # nosec B105
    }
    config = {ours: given[name] for name, ours in names.items() if name in given}
    local = given.get("endpoint", "").startswith("http:")
    return S3Store(
        bucket,
        prefix=path.strip("/") or None,
        config=config,  # type: ignore[arg-type]
        client_options={"allow_http": local},
    )
