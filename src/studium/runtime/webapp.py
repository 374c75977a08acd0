"""Serves the built web app on one machine; at scale the CDN does.

`/assets/*` never changes under its name, `index.html` is asked for anew each time, and a missing
asset or API path is a 404 and never a page.
"""

from mimetypes import guess_type
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

import studium

DIST = Path(studium.__file__).parent / "web" / "dist"
FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
# What pdf.js and the file browsers do not know by themselves.
TYPES = {
    ".mjs": "text/javascript",
    ".bcmap": "application/octet-stream",
    ".wasm": "application/wasm",
    # Without it a browser guesses, and what is text in one encoding is markup in another.
    ".svg": "image/svg+xml; charset=utf-8",
}
POLICY = "; ".join(  # noqa: FLY002 - a list is easier to read and to change
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types studium-notes studium-worker",
    ]
)
"""Content Security Policy Level 3 with Trusted Types."""


class _OutsideTheApi(PathConvertor):
    """So that an address of the API says itself which methods it has, and that it is not there."""

    regex = r"(?!v1/|v1$|\.well-known/).*"


register_url_convertor("outside_the_api", _OutsideTheApi())


def mount_web_app(app: FastAPI, dist: Path = DIST) -> None:
    """Every path outside the API: a file of the app, or its page."""

    @app.api_route("/{path:outside_the_api}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        file = _inside(dist, path)
        if file is None and "." in path.rsplit("/", 1)[-1]:
            raise HTTPException(404, "There is no such file.")
        if file is None:
            return _index(dist)
        return _asset(file, request.headers, FOREVER if path.startswith("assets/") else "no-cache")


def _inside(dist: Path, path: str) -> Path | None:
    file = (dist / path).resolve()
    return file if path and file.is_file() and file.is_relative_to(dist.resolve()) else None


def _index(dist: Path) -> Response:
    file = dist / "index.html"
    if not file.is_file():
        raise HTTPException(404, "The web app is not built. Run `make web`; the API works.")
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    return FileResponse(file, headers=headers)


def _asset(file: Path, asked: Headers, cache: str) -> Response:
    # A worker keeps to the policy of its own script.
    headers = {
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": POLICY,
    }
    accepted = asked.get("accept-encoding", "")
    kind = TYPES.get(file.suffix)
    for encoding, suffix in ENCODINGS.items():
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            headers["Content-Encoding"] = encoding
            return FileResponse(packed, headers=headers, media_type=kind or _kind(file))
    return FileResponse(file, headers=headers, media_type=kind)


def _kind(file: Path) -> str:
    return guess_type(file.name)[0] or "application/octet-stream"
