"""The shipped weights of MiniLM, once more quantised: for integer arithmetic.

`python -m studium.adapters.embedder.requantise SHIPPED TARGET`
"""

import os
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic


def prepare(shipped: Path, target: Path) -> None:
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


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
