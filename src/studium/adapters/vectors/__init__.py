"""`open_vectors(url, courses, embedder)`: the scheme chooses.

- `pgvector:` keeps passages searchable in the courses DB
- `qdrant:http://host:6333[?api_key=…]`: Qdrant ≥ 1.17; `qdrant:/folder` and `qdrant::memory:` are
  its client's own small index, of one process and no more than a thousand passages
"""

from studium.adapters.vectors.pgvector import PgVectorIndex
from studium.core.ports import Embedder, VectorIndex
from studium.runtime.database import Database


def open_vectors(url: str, courses: Database, embedder: Embedder) -> VectorIndex:
    """`embedder`: whose vectors are kept and asked for. Raises `ValueError` for another scheme."""
    scheme, _, where = url.partition(":")
    match scheme:
        case "pgvector":
            return PgVectorIndex(courses)
        case "qdrant":
            # The client takes a second and some memory: only of whoever uses it.
            from studium.adapters.vectors.qdrant import open_qdrant  # noqa: PLC0415

            return open_qdrant(where, embedder.name, embedder.dimensions)
    raise ValueError(f"vectors: {scheme}: is not known; use pgvector: or qdrant:")
