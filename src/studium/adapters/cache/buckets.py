"""Token buckets by the generic cell rate algorithm (ITU-T I.371, annex A): of a bucket only the
moment is kept at which it will be full again, in microseconds since 1970.
"""

from dataclasses import dataclass
from typing import Any

from studium.adapters.cache.counters import make_room
from studium.core.ports import Drawn

MICROSECONDS = 1_000_000

# KEYS: the bucket. ARGV: now, the time that one token takes, and that all of them take.
DRAW = """
local now, one, all = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = full + one - all - now
if wait > 0 then return {wait, full - now} end
full = full + one
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {0, full - now}
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    one: int
    """Microseconds that a token takes to come back."""
    all: int

    @classmethod
    def of(cls, most: int, seconds: int) -> "Bucket":
        one = max(1, seconds * MICROSECONDS // most)
        return cls(one, one * most)

    def drawn(self, wait: int, until_full: int) -> Drawn:
        """Microseconds both."""
        left = 0 if wait > 0 else (self.all - until_full) // self.one
        return Drawn(left, max(0, wait) / MICROSECONDS, until_full / MICROSECONDS)


def arguments(bucket: Bucket, now: float) -> tuple[int, int, int]:
    return int(now * MICROSECONDS), bucket.one, bucket.all


def answered(bucket: Bucket, answer: Any) -> Drawn:
    wait, until_full = answer
    return bucket.drawn(int(wait), int(until_full))


class Buckets:
    """Of this process, for as long as the engine that all processes share is down."""

    def __init__(self) -> None:
        self._full: dict[str, int] = {}

    def draw(self, key: str, bucket: Bucket, now: float) -> Drawn:
        at, one, whole = arguments(bucket, now)
        full = max(self._full.pop(key, 0), at)  # a new one goes to the young end
        wait = full + one - whole - at
        if wait <= 0:
            full += one
        make_room(self._full)
        self._full[key] = full
        return bucket.drawn(wait, full - at)
