#!/usr/bin/env bash
# OpenVINO 2026.4.1, CPU: a strided 1x1 convolution with padding, behind another convolution, gives a wrong shape.
#
# A 1x1 convolution (weight 1) of a 6x6 map is followed by a 1x1 convolution with stride 2 and a padding of one on each
# side. ONNX's formula gives (6 + 2 - 1) // 2 + 1 = 4 rows and columns, of which the first are padding, so zero; that is
# what onnx.reference and ONNX Runtime give. OpenVINO gives 5x5, with other numbers at other places, and no message. One
# would guess that the stride is moved into the first convolution, for 1x1 windows may be swapped with it, and that the
# padding is not. Without padding, with padding below and right alone, or with a window of 3x3 the result is right.
#
# It matters where results of two runtimes are compared, or a net is moved from one to the other.
#
# Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 openvino==2026.4.1 onnxruntime==1.32.0
cat > "$folder/shapes.py" <<'PYTHON'
"""Prints the shapes of a result by the definition, by ONNX Runtime and by OpenVINO, and whether the first two agree."""

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

one = np.ones((1, 1, 1, 1), np.float32)
nodes = [
    helper.make_node("Conv", ["x", "first"], ["h"]),
    helper.make_node("Conv", ["h", "second"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1]),
]
graph = helper.make_graph(
    nodes,
    "two",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6, 6])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 4, 4])],
    [numpy_helper.from_array(one, "first"), numpy_helper.from_array(one, "second")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
x = np.arange(1, 37, dtype=np.float32).reshape(1, 1, 6, 6)
(wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
text = model.SerializeToString()
(other,) = onnxruntime.InferenceSession(text, providers=["CPUExecutionProvider"]).run(None, {"x": x})
core = openvino.Core()
found = core.compile_model(core.read_model(text), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0]
print(wanted.shape, other.shape, found.shape, np.array_equal(wanted, other))
PYTHON
said=$("$folder/venv/bin/python" "$folder/shapes.py")
echo "$said"
[ "$said" = "(1, 1, 4, 4) (1, 1, 4, 4) (1, 1, 5, 5) True" ] || { echo "the behaviour is another one"; exit 1; }
