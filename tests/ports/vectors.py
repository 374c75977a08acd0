"""The vector indexes under test, and a shelf of texts in one of them."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np

from studium.adapters.vectors import open_vectors
from studium.core.ports import (
    Embedder,
    Hit,
    IndexedPassage,
    Question,
    SearchMode,
    Segment,
    VectorIndex,
    Vectors,
)
from studium.runtime.engines import Engines

SERVER = os.environ.get("STUDIUM_TEST_QDRANT_URL", "")
"""`http://host:6333` of a real server."""
QDRANTS = ["qdrant-local", *(["qdrant-server"] if SERVER else [])]
INDEXES = ["pgvector", *QDRANTS]
MODES: list[SearchMode] = ["keyword", "dense", "hybrid"]


@asynccontextmanager
async def opened(name: str, engines: Engines) -> AsyncIterator[VectorIndex]:
    """A server keeps its one collection: every test has organisations of its own."""
    urls = {"pgvector": "pgvector:", "qdrant-local": "qdrant::memory:"}
    index = open_vectors(urls.get(name, f"qdrant:{SERVER}"), engines.courses, engines.embedder)
    try:
        yield index
    finally:
        await index.close()


@dataclass
class Shelf:
    """Some texts in an index, in an organisation and a course of their own."""

    index: VectorIndex
    embedder: Embedder
    segment: Segment = field(default_factory=lambda: Segment(uuid4(), uuid4(), uuid4(), 0))
    texts: dict[UUID, str] = field(default_factory=dict)

    async def put(self, texts: Sequence[str]) -> None:
        self.texts = {uuid4(): text for text in texts}
        await self.put_keywords()
        await self.put_vectors()

    async def put_keywords(self) -> None:
        found = [IndexedPassage(id_, text) for id_, text in self.texts.items()]
        await self.index.put_keywords(self.segment, found)

    async def put_vectors(self) -> None:
        vectors: Vectors = np.zeros((0, self.embedder.dimensions), np.float32)
        if self.texts:
            vectors = await self.embedder.embed(list(self.texts.values()))
        await self.index.put_vectors(self.segment, list(self.texts), vectors)

    async def hits(
        self,
        text: str,
        mode: SearchMode = "keyword",
        courses: tuple[UUID, ...] = (),
        limit: int = 10,
    ) -> list[Hit]:
        question = Question(
            organisation_id=self.segment.organisation_id,
            course_ids=courses or (self.segment.course_id,),
            text=text,
            vector=await self.embedder.embed([text]),
            mode=mode,
            dense_weight=self.embedder.fusion_weight,
            limit=limit,
        )
        return await self.index.search(question)

    async def ask(
        self, text: str, mode: SearchMode = "keyword", courses: tuple[UUID, ...] = ()
    ) -> list[tuple[str, float]]:
        hits = await self.hits(text, mode, courses)
        return [(self.texts[hit.passage_id], hit.score) for hit in hits]
