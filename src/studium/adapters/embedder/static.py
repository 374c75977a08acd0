"""wordllama: averaged static word vectors, for tests and tiny machines."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studium.adapters.embedder.local import Encode, Model
from studium.core.ports import Vectors


def load(_cache: Path) -> Encode:
    from wordllama import WordLlama  # noqa: PLC0415 - only the child pays for it

    spec = importlib.util.find_spec("wordllama")
    folder = Path(str(spec and spec.origin)).parent
    # Left to itself it looks for its own weights in the wrong folder, then on the network.
    model = WordLlama.load(dim=256, cache_dir=str(folder), disable_download=True)

    def encode(texts: Sequence[str]) -> Vectors:
        vectors = np.asarray(model.embed(list(texts), norm=True), np.float32)
        return np.nan_to_num(vectors)

    return encode


STATIC = Model(name="wordllama-256/0.4", dimensions=256, fusion_weight=0.5, load=load)
"""A weak model: fused two to one towards the keywords."""
