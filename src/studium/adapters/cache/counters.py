"""The counters of this process, for as long as the engine that all processes share is down."""

import time

MOST = 10_000
"""Counters kept; beyond, the oldest go, so that an outage cannot fill the memory."""


class Counters:
    def __init__(self) -> None:
        self._counters: dict[str, tuple[float, int]] = {}

    def count(self, key: str, ttl_seconds: int) -> int:
        now = time.monotonic()
        ends, number = self._counters.get(key, (now, 0))
        if ends <= now:
            self._counters.pop(key, None)  # a new one goes to the young end
            self._make_room()
            ends, number = now + ttl_seconds, 0
        self._counters[key] = (ends, number + 1)
        return number + 1

    def _make_room(self) -> None:
        while len(self._counters) >= MOST:
            del self._counters[next(iter(self._counters))]
