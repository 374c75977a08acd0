"""The rows as Envoy's routes: the first that fits a request is taken."""

from collections.abc import Iterator, Sequence

from studium.gateway.envoy_terms import LIMIT_FILTER, TOKEN, TOKEN_FILTER, Node, seconds, typed
from studium.gateway.table import ELSE, HIDDEN, Row
from studium.gateway.wishes import Wishes

IDEMPOTENT = ("DELETE", "GET", "HEAD", "PUT")
"""RFC 9110 section 9.2.2: these may be sent again to another replica."""
UNSENT = "connect-failure,refused-stream,reset-before-request"
"""What has not left the gateway may be sent again, whatever it asks."""
BROKEN = f"{UNSENT},reset"


def retries(conditions: str) -> Node:
    """Twice, and elsewhere."""
    elsewhere = typed("retry.host.previous_hosts.v3.PreviousHostsPredicate")
    return {
        "retry_on": conditions,
        "num_retries": 2,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": elsewhere}
        ],
        "host_selection_retry_max_attempts": 3,
    }


def routes(rows: Sequence[Row], wishes: Wishes) -> list[Node]:
    return [
        {"match": {"path": HIDDEN}, "direct_response": {"status": 404}},
        *(route for row in rows for route in _of(row, wishes)),
        *_other_methods(rows, wishes),
        {"match": _match("/.*", IDEMPOTENT), "route": _again(ELSE, wishes)},
        {"match": _match("/.*"), "route": _once(ELSE, wishes)},
    ]


def _of(row: Row, wishes: Wishes) -> Iterator[Node]:
    """One for what may be sent again, one for what may not."""
    methods = [*row.methods, "HEAD"] if "GET" in row.methods else [*row.methods]
    again = [each for each in methods if each in IDEMPOTENT]
    once = [each for each in methods if each not in IDEMPOTENT]
    if again:
        yield _route(row, again, _again(row.service, wishes), wishes)
    if once:
        yield _route(row, once, _once(row.service, wishes), wishes)


def _other_methods(rows: Sequence[Row], wishes: Wishes) -> Iterator[Node]:
    """The service whose address it is says which methods it has."""
    for pattern, service in {row.pattern: row.service for row in rows}.items():
        yield {"match": _match(pattern), "route": _once(service, wishes)}


def _route(row: Row, methods: Sequence[str], action: Node, wishes: Wishes) -> Node:
    if row.lasting:
        action |= {"timeout": "0s", "idle_timeout": "0s"}
    if row.websocket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    route: Node = {"match": _match(row.pattern, methods), "route": action}
    if row.guarded:
        required = typed("filters.http.jwt_authn.v3.PerRouteConfig", requirement_name=TOKEN)
        route["typed_per_filter_config"] = {TOKEN_FILTER: required}
    elif "POST" in methods and wishes.log_ins_per_minute:
        limit = _by_address(wishes.log_ins_per_minute)
        route["typed_per_filter_config"] = {LIMIT_FILTER: limit}
    return route


def _match(pattern: str, methods: Sequence[str] = ()) -> Node:
    match: Node = {"safe_regex": {"regex": pattern}}
    if methods:
        allowed = {"safe_regex": {"regex": "|".join(methods)}}
        match["headers"] = [{"name": ":method", "string_match": allowed}]
    return match


def _once(service: str, wishes: Wishes) -> Node:
    """Sent again only as the virtual host says of all routes."""
    return {"cluster": service, "timeout": seconds(wishes.timeout_seconds)}


def _again(service: str, wishes: Wishes) -> Node:
    return {**_once(service, wishes), "retry_policy": retries(BROKEN)}


def _by_address(per_minute: int) -> Node:
    """A bucket for each network address: who asks without a token is known by nothing else."""
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    # A bucket for all is asked for, and must not run dry before that of an address.
    all_together = {"max_tokens": 10**6, "tokens_per_fill": 10**6, "fill_interval": "1s"}
    bucket = {"max_tokens": per_minute, "tokens_per_fill": per_minute, "fill_interval": "60s"}
    return typed(
        "filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="log_ins",
        token_bucket=all_together,
        rate_limits=[{"actions": [{"remote_address": {}}]}],
        descriptors=[{"entries": [{"key": "remote_address"}], "token_bucket": bucket}],
        max_dynamic_descriptors=100_000,
        filter_enabled=always,
        filter_enforced=always,
    )
