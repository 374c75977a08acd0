"""The counters of this process, for as long as the engine that all processes share is down."""

import time
from typing import Any

MOST = 10_000
"""Kept of a kind; beyond, the oldest go, so that an outage cannot fill the memory."""


class Counters:
    def __init__(self) -> None:
        self._counters: dict[str, tuple[float, int]] = {}

    def count(self, key: str, ttl_seconds: int) -> int:
        now = time.monotonic()
        ends, number = self._counters.get(key, (now, 0))
        if ends <= now:
            self._counters.pop(key, None)  # a new one goes to the young end
            make_room(self._counters)
            ends, number = now + ttl_seconds, 0
        self._counters[key] = (ends, number + 1)
        return number + 1


def make_room(kept: dict[str, Any]) -> None:
    """For one more, of what the engine would keep for all."""
    while len(kept) >= MOST:
        del kept[next(iter(kept))]
