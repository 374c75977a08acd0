"""Words of Envoy's configuration, API version 3."""

from typing import Any

from studium.gateway.table import Address

Node = dict[str, Any]
TOKEN = "access-token"  # the name of a requirement, no secret  # noqa: S105  # nosec B105
TOKEN_FILTER = "envoy.filters.http.jwt_authn"  # a name, no secret  # noqa: S105  # nosec B105
LIMIT_FILTER = "envoy.filters.http.local_ratelimit"


def typed(name: str, **fields: Any) -> Node:
    return {"@type": f"type.googleapis.com/envoy.extensions.{name}", **fields}


def socket(address: Address) -> Node:
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def seconds(number: float) -> str:
    return f"{number:g}s"
