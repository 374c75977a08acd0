"""Security headers on every answer: of the API, of files, of the web app, of mistakes.

After the OWASP Secure Headers Project. What a route sets itself stays: the page its own policy, a
file its caching.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_POLICY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""Content Security Policy Level 3 of what is no page: nothing of it is loaded, run or framed. The
default speaks for what is loaded only, so the others are named."""
YEAR_SECONDS = 31_536_000
HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": API_POLICY,
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cache-control": "no-store",
}
HSTS = {"strict-transport-security": f"max-age={YEAR_SECONDS}; includeSubDomains"}
"""RFC 6797; only where browsers reach Studium by https, since a browser keeps to it for a year."""


class SecurityHeaders:
    """The outermost layer, so that what the server itself answers to a mistake is dressed too."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        headers = HEADERS | (HSTS if https else {})
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                # Names are lower-case on the wire (ASGI), so a set decides without decoding.
                there = {name for name, _ in own}
                message["headers"] = [
                    *own,
                    *(each for each in self._headers if each[0] not in there),
                ]
            await send(message)

        await self._app(scope, receive, dressed)
