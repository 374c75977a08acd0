"""The nodes that an engine's URL names."""

from urllib.parse import urlsplit, urlunsplit

CLUSTER = "+cluster"


def is_cluster(url: str) -> bool:
    return urlsplit(url).scheme.endswith(CLUSTER)


def nodes_of(url: str) -> tuple[str, ...]:
    """A URL of each: `redis+cluster://:password@one:6379,two:6379` names two, any other itself."""
    parts = urlsplit(url)
    if not parts.scheme.endswith(CLUSTER):
        return (url,)
    before, at, hosts = parts.netloc.rpartition("@")
    scheme = parts.scheme.removesuffix(CLUSTER)
    return tuple(
        urlunsplit((scheme, f"{before}{at}{host}", parts.path, parts.query, ""))
        for host in hosts.split(",")
        if host
    )
