"""wordllama: averaged static word vectors, for tests and tiny machines.

Weights and tokenizer are its data files; its code, which brings an HTTP client and pads every text
to the longest, is not run (`tests/ports/test_embedder.py` compares the two).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studium.adapters.embedder.local import Encode, Model, data_file
from studium.core.ports import Vectors

DIMENSIONS = 256


def load(_cache: Path) -> Encode:
    # Only the child pays for these.
    from safetensors.numpy import load_file  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415

    weights = load_file(data_file("wordllama", f"l2_supercat_{DIMENSIONS}.safetensors"))
    table = weights["embedding.weight"].astype(np.float32)
    tokenizer = Tokenizer.from_file(
        str(data_file("wordllama", "l2_supercat_tokenizer_config.json"))
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def encode(texts: Sequence[str]) -> Vectors:
        tokens = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for at, each in enumerate(tokens):
            if each.ids:
                table[each.ids].mean(axis=0, out=vectors[at])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)

    return encode


STATIC = Model(
    name="wordllama-256/0.4", dimensions=DIMENSIONS, fusion_weight=0.5, batch=64, load=load
)
"""A weak model: fused two to one towards the keywords."""
