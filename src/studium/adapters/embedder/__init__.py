"""`open_embedder(url)`: `minilm:`, `static:` or an OpenAI-compatible `http(s)://…/embeddings`."""

from pathlib import Path
from urllib.parse import urlsplit

from studium.adapters.embedder.local import LocalEmbedder
from studium.adapters.embedder.minilm import MINILM
from studium.adapters.embedder.static import STATIC
from studium.core.ports import Embedder


def open_embedder(url: str, cache: Path, children: int = 1, key: str | None = None) -> Embedder:
    """`cache`: a folder for what a model prepares once. Raises `ValueError` for another scheme."""
    scheme = urlsplit(url).scheme
    match scheme:
        case "minilm":
            return LocalEmbedder(MINILM, cache, children)
        case "static":
            return LocalEmbedder(STATIC, cache, 1)
        case "http" | "https":
            # A child that holds a model of this machine imports this package too.
            from studium.adapters.embedder.http import HttpEmbedder  # noqa: PLC0415

            return HttpEmbedder(url, key)
        case _:
            raise ValueError(f"embedder: {scheme}: is not known; use minilm:, static: or https://")
