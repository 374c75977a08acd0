"""The vector index in Qdrant: a point per passage, named `keyword` (sparse) and `dense` vectors.

Qdrant chooses candidates; their BM25 and the fusion are computed here, over the courses asked, so
that it ranks as `pgvector.py` does (docs/decisions/0017-qdrant-ranks-as-postgresql.md).
"""

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models

from studium.adapters.vectors import qdrant_points as points
from studium.adapters.vectors.qdrant_collection import Collection, reaching
from studium.adapters.vectors.qdrant_points import DENSE, KEYWORD, KEYWORD_PAYLOAD
from studium.adapters.vectors.ranking import Rarity, best, fuse
from studium.core.ports import Hit, IndexedPassage, Question, Segment, Vectors
from studium.core.terms import query_terms

POOL = 100
"""Candidates of each side before fusion; never fewer than the limit asked for."""
OVERSAMPLED = 2
"""Times more candidates than the pool holds once they have their true score."""
BATCH = 256
TIMEOUT_SECONDS = 10
LENGTHS = 10_000
"""Passages have a few hundred different lengths at most."""
SEARCH = models.SearchParams(
    hnsw_ef=200,
    quantization=models.QuantizationSearchParams(rescore=True, oversampling=float(OVERSAMPLED)),
)


def open_qdrant(where: str, model: str, dimensions: int) -> "QdrantIndex":
    """`where`: `http(s)://…[?api_key=…]`, a folder or `:memory:`."""
    parts = urlsplit(where)
    local = parts.scheme not in {"http", "https"}
    if local:
        client = AsyncQdrantClient(":memory:") if where == ":memory:" else _in_folder(where)
    else:
        client = AsyncQdrantClient(
            url=urlunsplit(parts._replace(query="")),
            port=parts.port or (443 if parts.scheme == "https" else 80),
            api_key=next(iter(parse_qs(parts.query).get("api_key", [])), None),
            timeout=TIMEOUT_SECONDS,
            check_compatibility=False,  # would ask before anything is asked for
        )
    return QdrantIndex(client, Collection(client, model, dimensions, local=local))


def _in_folder(where: str) -> AsyncQdrantClient:
    if not where.startswith("/"):
        raise ValueError(f"vectors: qdrant:{where} is neither http(s)://… nor /folder nor :memory:")
    return AsyncQdrantClient(path=where)


class QdrantIndex:
    def __init__(self, client: AsyncQdrantClient, collection: Collection) -> None:
        self._client = client
        self._collection = collection

    # ── writing ───────────────────────────────────────────────────────────────────────────────
    async def put_keywords(self, segment: Segment, passages: Sequence[IndexedPassage]) -> None:
        """What is new is there before what is old goes: no reader finds less than one of them."""
        sides = await asyncio.to_thread(points.keyword_sides, passages)
        place = points.place_of(segment)
        with reaching(self._collection):
            name = await self._collection.current()
            for at in range(0, len(sides), BATCH):
                await self._put_keywords(name, place, sides[at : at + BATCH])
            stale = points.others(segment, [each.passage_id for each in sides])
            await self._client.delete_vectors(name, [KEYWORD], stale, wait=True)
            await self._client.delete_payload(name, list(KEYWORD_PAYLOAD), stale, wait=True)
            await self._delete(name, points.empty(segment))

    async def _put_keywords(
        self, name: str, place: dict[str, object], sides: Sequence[points.KeywordSide]
    ) -> None:
        """A new passage in one step. One that is known keeps its dense side."""
        ids = [each.passage_id for each in sides]
        known = {str(each.id) for each in await self._client.retrieve(name, ids, False)}
        new = [
            models.PointStruct(
                id=each.passage_id, vector=each.vector, payload={**place, **each.payload}
            )
            for each in sides
        ]
        await self._insert(name, new)
        again = [each for each in sides if each.passage_id in known]
        if not again:
            return
        changes: list[models.UpdateOperation] = [
            models.SetPayloadOperation(
                set_payload=models.SetPayload(
                    payload={**place, **each.payload}, points=[each.passage_id]
                )
            )
            for each in again
        ]
        vectors = [
            models.PointVectors(id=each.passage_id, vector=each.vector)
            for each in again
            if each.vector
        ]
        if vectors:
            update = models.UpdateVectors(points=vectors)
            changes.append(models.UpdateVectorsOperation(update_vectors=update))
        await self._client.batch_update_points(name, changes, wait=True)

    async def put_vectors(
        self, segment: Segment, passage_ids: Sequence[UUID], vectors: Vectors
    ) -> None:
        self._check(vectors)
        sides = points.dense_sides(passage_ids, vectors)
        place = points.place_of(segment)
        with reaching(self._collection):
            name = await self._collection.current()
            for at in range(0, len(sides), BATCH):
                batch = sides[at : at + BATCH]
                await self._insert(
                    name,
                    [
                        models.PointStruct(id=each.id, vector=each.vector, payload=place)
                        for each in batch
                    ],
                )
                await self._client.update_vectors(name, batch, wait=True)
            stale = points.others(segment, [str(each) for each in passage_ids])
            await self._client.delete_vectors(name, [DENSE], stale, wait=True)
            await self._delete(name, points.empty(segment))

    async def delete_material(self, organisation_id: UUID, material_id: UUID) -> None:
        book = models.Filter(
            must=[
                points.equals("organisation", str(organisation_id)),
                points.equals("material", str(material_id)),
            ]
        )
        with reaching(self._collection):
            await self._delete(await self._collection.current(), book)

    async def _insert(self, name: str, new: list[models.PointStruct]) -> None:
        """Leaves alone what is there."""
        await self._client.upsert(name, new, wait=True, update_mode=models.UpdateMode.INSERT_ONLY)

    async def _delete(self, name: str, which: models.Filter) -> None:
        await self._client.delete(name, models.FilterSelector(filter=which), wait=True)

    # ── asking ────────────────────────────────────────────────────────────────────────────────
    async def search(self, question: Question) -> list[Hit]:
        if question.mode != "keyword":
            if question.vector is None:
                raise ValueError(f"{question.mode} search needs the question's vector")
            self._check(question.vector)
        with reaching(self._collection):
            name = await self._collection.current()
            match question.mode:
                case "keyword":
                    return (await self._keyword(name, question))[: question.limit]
                case "dense":
                    return (await self._dense(name, question))[: question.limit]
                case "hybrid":
                    keyword, dense = await asyncio.gather(
                        self._keyword(name, question), self._dense(name, question)
                    )
                    sides = [(1.0, keyword), (question.dense_weight, dense)]
                    return fuse(sides, question.limit)

    async def _keyword(self, name: str, question: Question) -> list[Hit]:
        here = points.within(question.organisation_id, question.course_ids)
        rarity = await self._rarity(name, here, question.text)
        if not rarity.idf:
            return []
        pool = max(POOL, question.limit)
        # Only the question's own terms of each candidate travel.
        payload = ["length", *(f"frequencies.{index}" for index in rarity.idf)]
        answer = await self._client.query_points(
            name,
            query=models.SparseVector(
                indices=list(rarity.idf), values=[float(each) for each in rarity.idf.values()]
            ),
            using=KEYWORD,
            query_filter=models.Filter(must=here),
            limit=pool * OVERSAMPLED,
            with_payload=payload,
        )
        return best((_scored(each, rarity) for each in answer.points), pool)

    async def _rarity(self, name: str, here: list[models.Condition], text: str) -> Rarity:
        terms = [points.index_of(term) for term in query_terms(text)]
        if not terms:
            return Rarity({}, 1.0)
        lengths, counts = await asyncio.gather(
            self._client.facet(name, "length", models.Filter(must=here), limit=LENGTHS, exact=True),
            asyncio.gather(
                *(self._count(name, [*here, points.equals("terms", term)]) for term in terms)
            ),
        )
        passages = sum(each.count for each in lengths.hits)
        tokens = sum(int(each.value) * each.count for each in lengths.hits)
        found = {term: count for term, count in zip(terms, counts, strict=True) if count}
        return Rarity.of(passages, tokens, found)

    async def _count(self, name: str, must: list[models.Condition]) -> int:
        answer = await self._client.count(name, models.Filter(must=must), exact=True)
        return answer.count

    async def _dense(self, name: str, question: Question) -> list[Hit]:
        if question.vector is None:
            return []
        pool = max(POOL, question.limit)
        here = points.within(question.organisation_id, question.course_ids)
        answer = await self._client.query_points(
            name,
            query=question.vector[0].tolist(),
            using=DENSE,
            query_filter=models.Filter(must=here),
            search_params=None if self._collection.local else SEARCH,
            limit=pool,
            with_payload=False,
        )
        return best((Hit(UUID(str(each.id)), each.score) for each in answer.points), pool)

    def _check(self, vectors: Vectors) -> None:
        if vectors.shape[1] != self._collection.dimensions:
            raise ValueError(
                f"vectors of {vectors.shape[1]} dimensions where the model's have"
                f" {self._collection.dimensions}"
            )

    # ── the engine ────────────────────────────────────────────────────────────────────────────
    async def ping(self) -> None:
        with reaching(self._collection):
            await self._client.get_aliases()
            await self._collection.current()

    async def close(self) -> None:
        await self._client.close()


def _scored(point: models.ScoredPoint, rarity: Rarity) -> Hit:
    payload = point.payload or {}
    score = rarity.score(points.frequencies_of(payload), int(payload.get("length", 0)))
    return Hit(UUID(str(point.id)), score)
