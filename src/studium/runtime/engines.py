"""The engines of this process, opened by `bootstrap` and handed to every service."""

from dataclasses import dataclass

from studium.core.ports import (
    Broker,
    Cache,
    Embedder,
    EventStream,
    FanOut,
    LanguageModel,
    Objects,
    VectorIndex,
    Warehouse,
)
from studium.runtime.database import Database
from studium.runtime.rates import Rates
from studium.runtime.tokens import SigningKey, Verifier


@dataclass(frozen=True, slots=True)
class Limits:
    upload_max_bytes: int
    quota_bytes: int
    """Of an organisation; 0: none."""
    public_url: str
    """Where browsers reach Studium; empty: where they say."""
    rates: Rates

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https:")


@dataclass(frozen=True, slots=True)
class Engines:
    users: Database
    courses: Database
    cache: Cache
    fanout: FanOut
    broker: Broker
    records: EventStream
    """On the broker's engine."""
    objects: Objects
    vectors: VectorIndex
    warehouse: Warehouse
    embedder: Embedder
    model: LanguageModel | None
    """None where the notes are extracted without a model."""
    signing_key: SigningKey
    verifier: Verifier
    limits: Limits
