"""The rows as Envoy's static configuration (Envoy 1.34 or newer, API version 3).

What is checked here is checked again by the service: the gateway saves it work, and nobody trusts
it.
"""

from collections.abc import Mapping, Sequence

from studium.gateway.envoy_routes import UNSENT, retries, routes
from studium.gateway.envoy_terms import (
    LIMIT_FILTER,
    TOKEN,
    TOKEN_FILTER,
    Node,
    seconds,
    socket,
    typed,
)
from studium.gateway.table import ELSE, Address, Row, Upstreams
from studium.gateway.wishes import Wishes
from studium.runtime.problems import BASE, MEDIA_TYPE
from studium.runtime.tokens import AUDIENCE, ISSUER


def render(rows: Sequence[Row], upstreams: Upstreams, wishes: Wishes) -> Node:
    """The bootstrap configuration; as JSON or YAML a file for `envoy -c`."""
    config: Node = {
        "static_resources": {
            "listeners": [_listener(rows, wishes)],
            "clusters": [_cluster(name, upstreams[name], wishes) for name in sorted(upstreams)],
        }
    }
    if wishes.admin_port is not None:
        config["admin"] = {"address": socket(Address("127.0.0.1", wishes.admin_port))}
    return config


def _listener(rows: Sequence[Row], wishes: Wishes) -> Node:
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway",
        use_remote_address=True,
        xff_num_trusted_hops=wishes.trusted_hops,
        preserve_external_request_id=True,
        server_header_transformation="PASS_THROUGH",
        normalize_path=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        # Who begins a request and never ends its head holds a connection no longer than this.
        request_headers_timeout="10s",
        common_http_protocol_options={"headers_with_underscores_action": "REJECT_REQUEST"},
        local_reply_config={"mappers": [_own_answer(status) for status in OWN]},
        http_filters=[_limits(), _tokens(wishes), _router()],
        route_config={
            "name": "studium",
            "virtual_hosts": [_host(rows, wishes)],
        },
    )
    chain = [{"name": "http_connection_manager", "typed_config": manager}]
    return {
        "name": "http",
        "address": socket(Address(wishes.host, wishes.port)),
        "filter_chains": [{"filters": chain}],
    }


def _host(rows: Sequence[Row], wishes: Wishes) -> Node:
    return {
        "name": "studium",
        "domains": ["*"],
        "retry_policy": retries(UNSENT),
        "routes": routes(rows, wishes),
    }


# ── what each request passes ──────────────────────────────────────────────────────────────────
def _limits() -> Node:
    """Here only the name: a route says what it limits."""
    limit = typed("filters.http.local_ratelimit.v3.LocalRateLimit", stat_prefix="limits")
    return {"name": LIMIT_FILTER, "typed_config": limit}


def _tokens(wishes: Wishes) -> Node:
    """JSON Web Tokens by the public keys of `auth` (RFC 7519, RFC 7517), where a route asks."""
    place = f"http://{ELSE}/.well-known/jwks.json"
    keys = {
        "http_uri": {"uri": place, "cluster": ELSE, "timeout": "5s"},
        "cache_duration": "300s",
        # Before the first request, and soon again: without keys nobody gets in.
        "async_fetch": {"failed_refetch_duration": seconds(wishes.check_seconds)},
    }
    provider = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "remote_jwks": keys,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "forward": True,
    }
    check = typed(
        "filters.http.jwt_authn.v3.JwtAuthentication",
        providers={TOKEN: provider},
        requirement_map={TOKEN: {"provider_name": TOKEN}},
    )
    return {"name": TOKEN_FILTER, "typed_config": check}


def _router() -> Node:
    router = typed("filters.http.router.v3.Router")
    return {"name": "envoy.filters.http.router", "typed_config": router}


# ── what the gateway says itself ──────────────────────────────────────────────────────────────
OWN: Mapping[int, tuple[str, str, str]] = {
    401: ("unauthenticated", "Please log in", "The access token is missing, over or not ours."),
    429: ("too-many-requests", "Too many requests", "Wait a minute, then try again."),
    503: ("engine-unavailable", "A part of Studium cannot be reached", "Try again in a moment."),
    504: ("no-answer", "There was no answer in time", "See whether it was done, then try again."),
}
"""Status → type, title, detail of a problem (RFC 9457), as the services write them."""


def _own_answer(status: int) -> Node:
    slug, title, detail = OWN[status]
    problem = {
        "type": BASE + slug,
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": "%REQ(X-REQUEST-ID)%",
        "errors": [],
    }
    same = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"own_answer.{status}"}}
    return {
        "filter": {"status_code_filter": {"comparison": same}},
        "body_format_override": {"content_type": MEDIA_TYPE, "json_format": problem},
    }


# ── who answers ───────────────────────────────────────────────────────────────────────────────
def _cluster(service: str, replicas: Sequence[Address], wishes: Wishes) -> Node:
    places = [{"endpoint": {"address": socket(replica)}} for replica in replicas]
    return {
        "name": service,
        "type": "STRICT_DNS",
        "respect_dns_ttl": True,
        "connect_timeout": "2s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {"cluster_name": service, "endpoints": [{"lb_endpoints": places}]},
        "health_checks": [_health(wishes)],
        "outlier_detection": _outliers(wishes),
        "circuit_breakers": {"thresholds": [_ROOM]},
    }


_ROOM: Node = {
    # A WebSocket is a request that lasts.
    "max_connections": 65_536,
    "max_requests": 65_536,
    "max_pending_requests": 1_024,
    "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 10},
}


def _health(wishes: Wishes) -> Node:
    every = seconds(wishes.check_seconds)
    return {
        "timeout": "2s",
        "interval": every,
        "no_traffic_interval": every,
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/readyz"},
    }


def _outliers(wishes: Wishes) -> Node:
    """Replicas that cannot be reached, or break off, though they say that they are well.

    Both count as a 503. Counted apart, each connection that can be opened would excuse the one that
    broke off before. Replicas that answer 503 themselves because an engine is down are put aside
    like those, so never more than half of them, and not for long.
    """
    return {
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "interval": seconds(wishes.check_seconds),
        "base_ejection_time": "5s",
        "max_ejection_time": "15s",
        "max_ejection_percent": 50,
        **{f"enforcing_{kind}": 0 for kind in _BY_COMPARISON},
    }


_BY_COMPARISON = ("consecutive_5xx", "success_rate")
"""A 500 is a bug, which each replica has; a few replicas are too few to compare."""
