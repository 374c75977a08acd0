"""Any OpenAI-compatible `/embeddings` endpoint, and text-embeddings-inference (TEI).

The URL's query names the model and its dimensions: `https://…/v1/embeddings?model=…&dimensions=…`.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import numpy as np

from studium.core.errors import EngineUnavailableError
from studium.core.ports import Vectors

BATCH = 64


class HttpEmbedder:
    def __init__(self, url: str, key: str | None = None) -> None:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._model = query.get("model", "default")
        self._dimensions = int(query.get("dimensions", "384"))
        self._url = urlunsplit(parts._replace(query=""))
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=60)

    @property
    def name(self) -> str:
        return self._model

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def fusion_weight(self) -> float:
        return 1.0

    async def embed(self, texts: Sequence[str]) -> Vectors:
        batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        rows = [row for batch in batches for row in await self._batch(batch)]
        vectors = np.array(rows, np.float32).reshape(len(texts), self._dimensions)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)

    async def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            answer = await self._client.post(
                self._url, json={"model": self._model, "input": list(texts)}
            )
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            vectors = [row["embedding"] for row in rows]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise EngineUnavailableError(
                "The embedding service does not answer as expected; it will be tried again."
            ) from error
        if [len(each) for each in vectors] != [self._dimensions] * len(texts):
            raise EngineUnavailableError(
                f"The embedding service does not answer {self._dimensions} numbers a text; set"
                " `dimensions` in STUDIUM_EMBEDDER."
            )
        return vectors

    async def close(self) -> None:
        await self._client.aclose()
