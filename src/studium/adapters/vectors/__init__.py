"""`open_vectors(url, courses)`: `pgvector:` keeps passages searchable in the courses DB."""

from studium.adapters.vectors.pgvector import PgVectorIndex
from studium.core.ports import VectorIndex
from studium.runtime.database import Database


def open_vectors(url: str, courses: Database) -> VectorIndex:
    """Raises `ValueError` for another scheme."""
    if not url.startswith("pgvector:"):
        raise ValueError(f"vectors: {url.split(':', maxsplit=1)[0]}: is not known; use pgvector:")
    return PgVectorIndex(courses)
