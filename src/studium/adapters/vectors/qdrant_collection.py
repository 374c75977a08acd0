"""The collection that holds a model's vectors, made at first use, and the word of its server."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from studium.adapters.vectors.qdrant_points import DENSE, KEYWORD
from studium.core.errors import EngineUnavailableError

CONFLICT = 409
OLDEST = (1, 17)
"""An older server does not know `insert_only`, and would replace a passage's other side."""


class Collection:
    """Of one embedding model: collection `studium-MODEL`, asked through the alias
    `studium-MODEL-current`, so that what is being built is not asked.
    """

    def __init__(
        self, client: AsyncQdrantClient, model: str, dimensions: int, *, local: bool
    ) -> None:
        self.dimensions = dimensions
        self.stored = f"studium-{re.sub(r'[^A-Za-z0-9._-]+', '-', model)}-{dimensions}"
        self._alias = f"{self.stored}-current"
        self._client = client
        self.local = local
        self._known = False
        self._turn = asyncio.Lock()

    async def current(self) -> str:
        """Its name in requests. Raises `EngineUnavailableError` where only another model's vectors
        are kept: an answer from an empty collection would be none.
        """
        if not self._known:
            async with self._turn:
                await self._find()
        return self._alias

    def forget(self) -> None:
        """Who sees it missing looks again."""
        self._known = False

    async def _find(self) -> None:
        check_version((await self._client.info()).version)
        names = {each.alias_name for each in (await self._client.get_aliases()).aliases}
        if self._alias not in names:
            others = sorted(name for name in names if re.fullmatch(r"studium-.+-current", name))
            if others:
                raise EngineUnavailableError(
                    f"The vectors in Qdrant are of another model ({', '.join(others)}) and are"
                    " kept. Choose that model in STUDIUM_EMBEDDER again."
                )
            await self._make()
        self._known = True

    async def _make(self) -> None:
        if not await self._client.collection_exists(self.stored):
            try:
                await self._create()
            except UnexpectedResponse as error:
                if error.status_code != CONFLICT:  # another process was first
                    raise
        await self._index()
        alias = models.CreateAlias(collection_name=self.stored, alias_name=self._alias)
        await self._client.update_collection_aliases(
            [models.CreateAliasOperation(create_alias=alias)]
        )

    async def _create(self) -> None:
        await self._client.create_collection(
            self.stored,
            vectors_config={
                DENSE: models.VectorParams(
                    size=self.dimensions, distance=models.Distance.DOT, on_disk=True
                )
            },
            sparse_vectors_config={KEYWORD: models.SparseVectorParams()},
            # Every question has an organisation: graphs are kept per value, none over all.
            hnsw_config=models.HnswConfigDiff(m=0, payload_m=16, ef_construct=64),
            quantization_config=models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(
                    type=models.ScalarType.INT8, quantile=0.99, always_ram=True
                )
            ),
            on_disk_payload=True,
        )

    async def _index(self) -> None:
        """Of what filters and counts ask; the client's own index has none."""
        if self.local:
            return
        uuid = models.UuidIndexType.UUID
        number = models.IntegerIndexParams(
            type=models.IntegerIndexType.INTEGER, lookup=True, range=False, enable_hnsw=False
        )
        wanted: dict[str, models.UuidIndexParams | models.IntegerIndexParams] = {
            "organisation": models.UuidIndexParams(type=uuid, is_tenant=True),
            "course": models.UuidIndexParams(type=uuid),
            "material": models.UuidIndexParams(type=uuid, enable_hnsw=False),
            "segment": number,
            "length": number,
            "terms": number,
        }
        for field, schema in wanted.items():
            await self._client.create_payload_index(self.stored, field, schema, wait=True)


def check_version(version: str) -> None:
    """Raises `EngineUnavailableError` for a server that is too old."""
    numbers = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise EngineUnavailableError(
            f"Qdrant {version} is too old; Studium needs {'.'.join(map(str, OLDEST))} or newer."
        )


@contextmanager
def reaching(collection: Collection) -> Iterator[None]:
    """Translates what the client raises."""
    try:
        yield
    except (ApiException, QdrantException) as error:
        collection.forget()
        raise EngineUnavailableError(
            "The vector index (Qdrant) does not answer as expected; books are kept, and it will"
            " be tried again."
        ) from error
