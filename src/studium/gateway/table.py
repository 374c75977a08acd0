"""What a gateway knows of the API: a row for each address, read from the services' own routes.

| file | holds |
|---|---|
| table.py | the rows, and where the services answer |
| envoy.py | the rows as Envoy's static configuration |
| kong.py | the rows as Kong's declarative configuration |
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studium.runtime.openapi import describe
from studium.runtime.service import Service

PLAIN = frozenset({"application/json", "application/problem+json"})
ELSE = "auth"
"""Answers for every other address: each process has the web app, and says what is not there."""
HIDDEN = "/metrics"
"""For the cluster's own eyes."""


@dataclass(frozen=True, slots=True)
class Row:
    """Calls of one address that a gateway treats alike."""

    path: str
    """A template: `/v1/courses/{course_id}`."""
    service: str
    methods: tuple[str, ...]
    guarded: bool
    """Only with an access token. The service checks it again and knows what it allows."""
    lasting: bool = False
    """Files, streams and WebSockets take as long as they take."""
    websocket: bool = False

    @property
    def pattern(self) -> str:
        """A regular expression of the whole path (RE2 and PCRE read it alike)."""
        parts = re.split(r"(\{[^}]+\})", self.path)
        return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Address:
    """Where replicas of a service answer: one of them, or a name that stands for all."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> "Address":
        """`host:port`. Raises `ValueError`."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"{text!r} is not host:port")
        return cls(host.strip("[]"), int(port))


Upstreams = Mapping[str, Sequence[Address]]
"""Service → its replicas."""
PORT = 8000


def upstreams(services: Mapping[str, Service], told: Sequence[str] = ()) -> Upstreams:
    """Each service at the name that it has on a cluster, unless `told` otherwise as
    `service=host:port,host:port`. Raises `ValueError`.
    """
    found = {name: [Address(f"studium-{name}", PORT)] for name in served(services)}
    for each in told:
        name, _, places = each.partition("=")
        if name not in found:
            raise ValueError(f"{name!r} is no service; there are {', '.join(found)}")
        found[name] = [Address.read(place) for place in places.split(",")]
    return found


def served(services: Mapping[str, Service]) -> list[str]:
    """The services that have addresses."""
    return list(dict.fromkeys(row.service for row in rows(services)))


def rows(services: Mapping[str, Service]) -> list[Row]:
    """Literal addresses before those with ids in them, so that the first that fits is the one."""
    found = [row for service in services.values() for row in _of(service)]
    return sorted(found, key=lambda row: (row.path.replace("{", "~"), row.methods))


def _of(service: Service) -> Iterator[Row]:
    if service.router:
        for path, operations in describe(service.router)["paths"].items():
            yield from _alike(service.name, path, operations)
    for path in service.sockets:
        # Its ticket is the key, not a token, and only the service can read it.
        yield Row(path, service.name, ("GET",), guarded=False, lasting=True, websocket=True)


def _alike(service: str, path: str, operations: dict[str, Any]) -> Iterator[Row]:
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for method, operation in operations.items():
        kind = bool(operation.get("security")), _lasts(operation)
        kinds.setdefault(kind, []).append(method.upper())
    for (guarded, lasting), methods in kinds.items():
        yield Row(path, service, tuple(sorted(methods)), guarded, lasting)


def _lasts(operation: dict[str, Any]) -> bool:
    """What is no JSON is a file or a stream."""
    spoken = [operation.get("requestBody", {}), *operation["responses"].values()]
    return any(set(each.get("content", {})) - PLAIN for each in spoken)
