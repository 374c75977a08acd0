"""Requests that another site made a browser send (CSRF, RFC 6454).

Where a cookie speaks for somebody, or a socket is opened, the page that asks must be ours. Whoever
sends no `Origin` is no browser, or a browser that asks for the page itself.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi.requests import HTTPConnection

from studium.core.errors import ForbiddenError


class ForeignOriginError(ForbiddenError):
    type = "foreign-origin"
    title = "Another site asked for this"


def is_ours(headers: Mapping[str, str], public_url: str) -> bool:
    """Ours is the host that was asked, or the one where browsers reach Studium, asked itself.

    `headers` answers `get` by lower-case names.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    # A proxy that ends TLS asks by http, so schemes are not compared with the connection's own.
    asked, public = headers.get("host", ""), urlsplit(public_url).netloc
    return urlsplit(origin).netloc in {asked, public} - {""}


async def from_our_page(request: HTTPConnection) -> None:
    """A dependency of routes that a cookie opens. Raises `ForeignOriginError`."""
    if not is_ours(request.headers, request.app.state.engines.limits.public_url):
        raise ForeignOriginError(
            "Nothing was done. Open Studium at its own address; if this is its address, ask your"
            " operator to set STUDIUM_PUBLIC_URL."
        )
