"""Every port on one page: what Studium needs of its engines, whatever engine it is.

An adapter translates its vendor's errors into `EngineUnavailableError`; a caller never sees a
vendor's exception. Every adapter passes the port's suite in `tests/ports/`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), rows of length one."""


# ── broker ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Reference:
    """A message: it only points at a delivery row, which holds the truth."""

    delivery_id: UUID
    group: str


Take = Callable[[Reference], Awaitable[None]]


class Broker(Protocol):
    async def publish(self, references: Sequence[Reference]) -> None:
        """Returns once the broker has confirmed every reference."""
        ...

    def consume(self, group: str, take: Take) -> AbstractAsyncContextManager[None]:
        """While open, each message of the group goes to one `take` of one consumer.

        `take` is awaited one message at a time; the message is acknowledged when it returns and
        left to the sweeper when it raises. A slow `take` is how a worker says it has no free slot.
        Leaving starts no other take, and waits a bounded time for the one in hand.
        """
        ...

    async def waiting(self, group: str) -> int:
        """How many messages of the group nobody has taken yet."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


# ── event stream ──────────────────────────────────────────────────────────────────────────────
TakeBatch = Callable[[Sequence[bytes]], Awaitable[None]]


class EventStream(Protocol):
    """Records that the broker itself keeps: what comes too often for a row in PostgreSQL each."""

    async def append(self, group: str, records: Sequence[bytes]) -> None:
        """Returns once the broker has confirmed every record."""
        ...

    def consume(self, group: str, take: TakeBatch) -> AbstractAsyncContextManager[None]:
        """While open, the group's records go to `take`, in batches that nobody else is given.

        A batch is acknowledged when `take` has returned. Where it raises, or its process dies, its
        records are given again, to anybody: at least once, in no order.
        """
        ...

    async def close(self) -> None: ...


# ── cache ─────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Drawn:
    """What a token bucket says."""

    left: int
    wait: float
    """Seconds until the next token; 0 where one was drawn."""
    until_full: float
    """Seconds."""


class Cache(Protocol):
    """Bytes by key. Only `ping` raises `EngineUnavailableError`, the rest degrade: a cache that
    is down answers like an empty one.
    """

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None: ...

    async def claim(self, key: str, ttl_seconds: int) -> str | None:
        """The right to `fill` in a value that is missing; None while somebody else has it. While
        the engine is down everybody gets it, and nobody can fill anything in.
        """
        ...

    async def fill(self, key: str, value: bytes, ttl_seconds: int, claim: str) -> None:
        """Keeps the value, unless the key was forgotten since the claim, or the claim ran out."""
        ...

    async def release(self, key: str, claim: str) -> None:
        """For a load that failed: somebody else may claim it."""
        ...

    async def take(self, key: str) -> bytes | None:
        """Reads and removes in one step, so that only one caller gets the value."""
        ...

    async def forget(self, *keys: str) -> None:
        """Values and claims."""
        ...

    async def count(self, key: str, ttl_seconds: int) -> int:
        """Adds one to a counter that expires `ttl_seconds` after its first use; its new value.

        When the engine is down the counter of this process counts instead.
        """
        ...

    async def draw(self, key: str, most: int, seconds: int, now: float) -> Drawn:
        """One token of a bucket that holds `most` and is filled in `seconds`, drop by drop.

        `now`: Unix time. When the engine is down the bucket of this process gives instead.
        """
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


# ── fan-out ───────────────────────────────────────────────────────────────────────────────────
class Subscription(Protocol):
    async def add(self, topic: str) -> None:
        """Returns once messages of the topic arrive."""
        ...

    def remove(self, topic: str) -> None:
        """From now on nothing of the topic is heard."""
        ...


class FanOut(Protocol):
    """Messages to whoever listens now, in any process; nobody listening means nobody hears."""

    async def publish(self, topic: str, message: bytes) -> None: ...

    def listen(
        self, on_message: Callable[[str, bytes], Awaitable[None]]
    ) -> AbstractAsyncContextManager[Subscription]:
        """`on_message(topic, message)`; survives a lost connection and subscribes again."""
        ...

    async def close(self) -> None: ...


# ── objects ───────────────────────────────────────────────────────────────────────────────────
class ObjectWriter(Protocol):
    async def write(self, chunk: bytes) -> None: ...


class Objects(Protocol):
    """Immutable blobs by key (`organisation/…`), streamed both ways."""

    def create(self, key: str) -> AbstractAsyncContextManager[ObjectWriter]:
        """The object exists once the block ends well; an exception inside leaves nothing."""
        ...

    async def size(self, key: str) -> int:
        """Bytes. Raises `NotFoundError`."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes [start, end) in chunks. Raises `NotFoundError` at the first chunk."""
        ...

    def local(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a file, read-only, for as long as the block lasts."""
        ...

    async def link(self, key: str, seconds: int) -> str | None:
        """An address of the store itself that gives the object, with ranges, to whoever has it,
        for so long. None where the store answers nobody but us.
        """
        ...

    async def delete(self, prefix: str) -> int:
        """Deletes the object `prefix` and all below `prefix/`; how many went. Idempotent."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


# ── meaning ───────────────────────────────────────────────────────────────────────────────────
class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def name(self) -> str:
        """Model and version; vectors of different names are never mixed."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def fusion_weight(self) -> float:
        """The weight of this model's ranking beside the keyword ranking's 1.0 in RRF."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions). Off the event loop, in length-sorted batches."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Postings:
    """The keyword side of one passage: hashed terms with their frequency."""

    terms: dict[int, int]
    length: int
    """Tokens of the passage (not distinct terms)."""


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    passage_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The passages of one page range: the unit that is written and replaced as a whole."""

    organisation_id: UUID
    course_id: UUID
    material_id: UUID
    number: int
    """Running number of the page range inside the material."""


@dataclass(frozen=True, slots=True)
class Hit:
    passage_id: UUID
    score: float


SearchMode = Literal["hybrid", "dense", "keyword"]


@dataclass(frozen=True, slots=True)
class Question:
    """A query over the courses that one organisation's member may see."""

    organisation_id: UUID
    course_ids: tuple[UUID, ...]
    text: str
    vector: Vectors | None
    """Shape (1, dimensions); None for keyword mode."""
    mode: SearchMode = "hybrid"
    dense_weight: float = 1.0
    limit: int = 10


class VectorIndex(Protocol):
    """Keyword (BM25) and dense search over passages, fused by reciprocal ranks."""

    async def put_keywords(self, segment: Segment, passages: Sequence[IndexedPassage]) -> None:
        """Replaces the segment's keyword side; searchable when it returns."""
        ...

    async def put_vectors(
        self, segment: Segment, passage_ids: Sequence[UUID], vectors: Vectors
    ) -> None:
        """Replaces the segment's dense side."""
        ...

    async def search(self, question: Question) -> list[Hit]:
        """Best first. Nothing outside the question's organisation and courses."""
        ...

    async def delete_material(self, organisation_id: UUID, material_id: UUID) -> None: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


# ── warehouse ─────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ActivityCount:
    day: date
    """In UTC."""
    kind: str
    times: int
    people: int
    """Different ones."""


class RefusedRowsError(ValueError):
    """Rows that the warehouse will never take."""


class Warehouse(Protocol):
    """What people and books did, in rows that nobody changes any more."""

    async def keep(self, lines: Sequence[bytes]) -> None:
        """Rows of `activity`, each a JSON object on a line of its own; `lines` may hold several.

        Columns: id, organisation_id, course_id, account_id, material_id (UUID), kind, occurred_at
        (ISO 8601, UTC), place. They are kept when it returns, and counted once however often they
        come. Raises `RefusedRowsError`, and has then kept none or some of them.
        """
        ...

    async def activity(
        self, organisation_id: UUID, course_id: UUID, first: date, last: date
    ) -> list[ActivityCount]:
        """By day and kind, both days included; days without any are left out."""
        ...

    async def forget_course(self, organisation_id: UUID, course_id: UUID) -> None: ...

    async def migrate(self) -> None:
        """To the newest revision. In the process itself this happens at first use."""
        ...

    async def ping(self) -> None:
        """Opens nothing that is not open yet in the process itself."""
        ...

    async def close(self) -> None: ...


# ── language model ────────────────────────────────────────────────────────────────────────────
Answer = TypeVar("Answer", bound=BaseModel)


class LanguageModel(Protocol):
    @property
    def name(self) -> str:
        """Shown to people beside what it wrote."""
        ...

    async def answer(self, instructions: str, prompt: str, schema: type[Answer]) -> Answer:
        """An answer in the schema's shape. Raises `EngineUnavailableError` when the provider
        fails, refuses or does not keep to the schema after its retries.
        """
        ...

    async def close(self) -> None: ...
