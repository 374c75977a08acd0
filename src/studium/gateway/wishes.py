"""What an operator may set of a gateway, whichever it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wishes:
    host: str = "0.0.0.0"  # noqa: S104 - a gateway is there to be reached  # nosec B104
    port: int = 8080
    admin_port: int | None = None
    """Envoy's own page, on 127.0.0.1; closed without it."""
    trusted_hops: int = 0
    """Proxies in front whose `X-Forwarded-For` is believed: 1 behind a load balancer."""
    timeout_seconds: float = 60
    """For an answer, except of files, streams and WebSockets."""
    log_ins_per_minute: int = 120
    """Calls without a token, of one network address through one gateway; 0: no limit. The services
    count log-ins more closely."""
    check_seconds: float = 1
    """Between two looks at a replica's `/readyz`."""
