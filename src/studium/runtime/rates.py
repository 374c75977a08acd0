"""How often one caller may ask for what costs: writing, uploads, searches, log-ins.

A token bucket for each caller and limit, in the cache for all processes together: it holds a
minute's worth and is filled drop by drop, so a burst is possible and its end is not a whole minute
away. While the cache is down each process has buckets of its own (`core.ports.Cache.draw`).

The headers are those of the IETF draft "RateLimit header fields for HTTP"; `Retry-After` is RFC
9110 section 10.2.3.
"""

import math
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

    def __init__(self, state: "State") -> None:
        super().__init__(
            f"{state.most} a minute are possible. Nothing was done; try again in"
            f" {state.wait} seconds.",
            retry_after=state.wait,
        )
        self.state = state

    def headers(self) -> dict[str, str]:
        return {**self.state.headers(), "Retry-After": str(self.state.wait)}


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
class State:
    """What is left of a limit."""

    name: str
    most: int
    left: int
    wait: int
    """Seconds until one more is possible; 0 where it is now."""
    until_full: int
    """Seconds until all of them are."""

    def show(self, response: Response) -> None:
        """Beside what other limits show: both fields are lists."""
        for name, value in self.headers().items():
            response.headers.append(name, value)

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.most};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.until_full}',
        }


async def draw(cache: Cache, name: str, caller: str, most: int, now: float) -> State:
    """For one call. Raises `TooManyRequestsError`, which says when to try again."""
    drawn = await cache.draw(f"rate:{name}:{caller}", most, WINDOW_SECONDS, now)
    state = State(name, most, drawn.left, math.ceil(drawn.wait), math.ceil(drawn.until_full))
    if state.wait:
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
        state = await draw(engines.cache, "log-ins", address(request), most, rates.clock())
        state.show(response)
