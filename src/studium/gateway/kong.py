"""The rows as Kong's declarative configuration (DB-less, format 3.0), with open plugins only.

The open `jwt` plugin fetches no keys, so the public ones stand in the file, by `kid`: while a key
is replaced it holds both. Kong's answers are its own, not problems.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from studium.gateway.table import ELSE, HIDDEN, Address, Row, Upstreams
from studium.gateway.wishes import Wishes
from studium.runtime.tokens import ALGORITHM, PublicKey

Node = dict[str, Any]
NO_LIMIT_MS = 2**31 - 2
"""The longest time-out that Kong takes: 24 days."""
CONSUMER = "studium"


def render(
    rows: Sequence[Row], upstreams: Upstreams, wishes: Wishes, keys: Sequence[PublicKey]
) -> Node:
    """As YAML a file for `KONG_DECLARATIVE_CONFIG`."""
    services = [
        _service(name, rows, wishes, lasting=lasting)
        for name in sorted(upstreams)
        for lasting in (False, True)
    ]
    return {
        "_format_version": "3.0",
        "upstreams": [_upstream(name, upstreams[name], wishes) for name in sorted(upstreams)],
        "services": [each for each in services if each["routes"]],
        "consumers": [{"username": CONSUMER, "jwt_secrets": [_key(each) for each in keys]}],
    }


# ── who answers ───────────────────────────────────────────────────────────────────────────────
def _upstream(name: str, replicas: Sequence[Address], wishes: Wishes) -> Node:
    return {
        "name": f"{name}.studium",
        "algorithm": "round-robin",
        "targets": [{"target": f"{each.host}:{each.port}", "weight": 100} for each in replicas],
        "healthchecks": {"active": _health(wishes)},
    }


def _health(wishes: Wishes) -> Node:
    failures = {"http_failures": 2, "tcp_failures": 2, "timeouts": 2}
    return {
        "type": "http",
        "http_path": "/readyz",
        "timeout": 2,
        "healthy": {"interval": wishes.check_seconds, "successes": 1, "http_statuses": [200]},
        "unhealthy": {"interval": wishes.check_seconds, "http_statuses": [503], **failures},
    }


def _service(name: str, rows: Sequence[Row], wishes: Wishes, *, lasting: bool) -> Node:
    """What lasts has a service of its own, since time-outs are a service's in Kong."""
    limit = NO_LIMIT_MS if lasting else int(wishes.timeout_seconds * 1000)
    return {
        "name": f"{name}-lasting" if lasting else name,
        "host": f"{name}.studium",
        "port": 80,
        "protocol": "http",
        "connect_timeout": 2000,
        "read_timeout": limit,
        "write_timeout": limit,
        "retries": 2,
        "routes": _routes(name, rows, wishes, lasting=lasting),
    }


# ── what goes there ───────────────────────────────────────────────────────────────────────────
def _routes(name: str, rows: Sequence[Row], wishes: Wishes, *, lasting: bool) -> list[Node]:
    # A higher number is looked at first; those for other methods of an address come after all.
    routes = [
        _route(row, 2 * len(rows) - place, wishes)
        for place, row in enumerate(rows)
        if row.service == name and row.lasting == lasting
    ]
    if not lasting:
        routes += _other_methods(name, rows)
    if name == ELSE and not lasting:
        routes += [_hidden(), {"name": "else", "paths": ["/"], **_AS_IT_CAME}]
    return routes


_AS_IT_CAME = {"protocols": ["http", "https"], "strip_path": False, "preserve_host": True}


def _route(row: Row, priority: int, wishes: Wishes) -> Node:
    route: Node = {
        "name": _name(row),
        "paths": [f"~{row.pattern}$"],
        "methods": [*row.methods, "HEAD"] if "GET" in row.methods else [*row.methods],
        "regex_priority": priority,
        **_AS_IT_CAME,
    }
    if row.lasting:
        route |= {"request_buffering": False, "response_buffering": False}
    if row.guarded:
        route["plugins"] = [_TOKEN]
    elif "POST" in row.methods and wishes.log_ins_per_minute:
        route["plugins"] = [_by_address(wishes.log_ins_per_minute)]
    return route


def _other_methods(name: str, rows: Sequence[Row]) -> list[Node]:
    """The service whose address it is says which methods it has."""
    firsts = {row.pattern: row for row in reversed(rows)}.values()
    return [
        {
            "name": f"{_name(row)}-else",
            "paths": [f"~{row.pattern}$"],
            "regex_priority": 0,
            **_AS_IT_CAME,
        }
        for row in firsts
        if row.service == name
    ]


def _hidden() -> Node:
    nothing = {"name": "request-termination", "config": {"status_code": 404}}
    return {"name": "hidden", "paths": [f"~{HIDDEN}$"], "plugins": [nothing], **_AS_IT_CAME}


def _name(row: Row) -> str:
    words = "".join(each if each.isalnum() else "-" for each in row.path).strip("-")
    return f"{'-'.join(row.methods).lower()}-{words}".replace("--", "-")


# ── who may pass ──────────────────────────────────────────────────────────────────────────────
_TOKEN: Mapping[str, Any] = {
    "name": "jwt",
    "config": {
        "key_claim_name": "kid",
        "claims_to_verify": ["exp"],
        "header_names": ["authorization"],
        "uri_param_names": [],
        "cookie_names": [],
    },
}


def _by_address(per_minute: int) -> Node:
    config = {"minute": per_minute, "limit_by": "ip", "policy": "local"}
    return {"name": "rate-limiting", "config": config}


def _key(key: PublicKey) -> Node:
    # The format asks for a secret, which only algorithms with a shared one look at.
    unused = "no shared secret"
    return {"key": key.id, "algorithm": ALGORITHM, "rsa_public_key": key.pem(), "secret": unused}
