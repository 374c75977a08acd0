"""What a service hands to `bootstrap`, and how services find each other."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from fastapi import APIRouter

from studium.core.event import Event
from studium.runtime.database import Database
from studium.runtime.engines import Engines
from studium.runtime.websocket import Endpoint

if TYPE_CHECKING:
    from studium.runtime.worker import GiveUp, Handler

Contract = TypeVar("Contract")
Background = Callable[[Engines, "Peers"], AbstractAsyncContextManager[None]]
Sink = Callable[[Engines], Awaitable[None]]
Sweep = Callable[[Database, Engines], Awaitable[int]]
"""`(system, engines)`: clears away what was left behind in any organisation; how many things."""


class Peers:
    """The services that this process may ask, by their contract: here or, later, remote."""

    def __init__(self) -> None:
        self._by_contract: dict[type, object] = {}

    def offer(self, offered: Mapping[type, object]) -> None:
        self._by_contract.update(offered)

    def get(self, contract: type[Contract]) -> Contract:
        return cast("Contract", self._by_contract[contract])


def _nothing(_engines: Engines, _peers: Peers) -> Mapping[type, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    """Also the name of its worker group."""
    router: APIRouter | None = None
    handlers: Mapping[type[Event], "Handler"] = field(default_factory=dict)
    give_ups: Mapping[type[Event], "GiveUp"] = field(default_factory=dict)
    offers: Callable[[Engines, Peers], Mapping[type, object]] = _nothing
    """Contract → implementation."""
    sockets: Mapping[str, Callable[[Engines, Peers], Endpoint]] = field(default_factory=dict)
    """Path → what opens a WebSocket there."""
    background: "Background | None" = None
    """What runs beside the routes for as long as they are served."""
    sink: "Sink | None" = None
    """Takes the service's records into the warehouse, until it is cancelled."""
    sweep: "Sweep | None" = None
    """Called every so often beside the relay."""
