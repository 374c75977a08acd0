"""How often one caller may ask for what costs: writing, uploads, searches, log-ins.

Windows of one minute, aligned to the clock, counted in the cache for all processes together. While
the cache is down each process counts alone (`core.ports.Cache.count`). Around the end of a window
a caller may have two windows' worth in a moment; that is the price of one round trip a request.

The headers are those of the IETF draft "RateLimit header fields for HTTP"; `Retry-After` is RFC
9110 section 10.2.3.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from fastapi import Request, Response

from studium.core.errors import Kind, StudiumError
from studium.core.ports import Cache

WINDOW_SECONDS = 60
_IPV6_SITE = 64


class TooManyRequestsError(StudiumError):
    kind = Kind.TOO_MANY
    type = "too-many-requests"
    title = "That was too often"

    def __init__(self, window: "Window") -> None:
        super().__init__(
            f"{window.most} a minute are possible. Nothing was done; try again in"
            f" {window.seconds} seconds.",
            retry_after=window.seconds,
        )
        self.window = window

    def headers(self) -> dict[str, str]:
        return {**self.window.headers(), "Retry-After": str(self.window.seconds)}


@dataclass(frozen=True, slots=True)
class Rates:
    """Per minute; 0: no limit."""

    writes: int = 0
    """Of one account: every call that changes something."""
    uploads: int = 0
    """Of one account, beside being writes."""
    searches: int = 0
    """Of one account."""
    events: int = 0
    """Of one account: batches of learning events, beside being writes."""
    log_ins: int = 0
    """Of one network address: log-ins and registrations, each of which hashes a password."""
    clock: Callable[[], float] = time.time
    """Unix time, which all processes share."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is left of a limit."""

    name: str
    most: int
    left: int
    seconds: int
    """Until it begins anew."""

    def show(self, response: Response) -> None:
        """Beside what other limits show: both fields are lists."""
        for name, value in self.headers().items():
            response.headers.append(name, value)

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.most};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.seconds}',
        }


async def count(cache: Cache, name: str, caller: str, most: int, now: float) -> Window:
    """Counts one call. Raises `TooManyRequestsError`, which says when to try again."""
    window, passed = divmod(int(now), WINDOW_SECONDS)
    seconds = WINDOW_SECONDS - passed
    counted = await cache.count(f"rate:{name}:{caller}:{window}", WINDOW_SECONDS)
    state = Window(name, most, max(0, most - counted), seconds)
    if counted > most:
        raise TooManyRequestsError(state)
    return state


def address(request: Request) -> str:
    """Who asks, before they say who they are. An IPv6 site counts as one: it has 2^64 addresses."""
    host = request.client.host if request.client else ""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if found.version == 4:  # noqa: PLR2004 - the name of the protocol
        return host
    return str(ip_network(f"{host}/{_IPV6_SITE}", strict=False))


async def per_address(request: Request, response: Response) -> None:
    """A dependency of the routes that hash a password."""
    engines = request.app.state.engines
    rates: Rates = engines.limits.rates
    if most := rates.log_ins:
        window = await count(engines.cache, "log-ins", address(request), most, rates.clock())
        window.show(response)
