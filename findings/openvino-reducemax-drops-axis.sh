#!/usr/bin/env bash
# OpenVINO 2026.4.1, CPU: ReduceMax that drops its axis, then a product by channel, gives wrong numbers.
#
# A (3, 2, 1) array is reduced to (3, 2) by ReduceMax with axes=[2], keepdims=0, and multiplied by a (1, 2) array. Of the
# numbers 1 to 6 and the factors 2 and 3, [[2, 6], [6, 12], [10, 18]] is right, and what onnx.reference gives. OpenVINO
# gives [[2, 4], [9, 12], [0, 0]], with no message: it seems to take the channel's axis of a fused product from before the
# axis was dropped. With keepdims=1 and a Reshape behind it the result is right, which is how netspec writes maxout.
#
# Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 openvino==2026.4.1
cat > "$folder/largest.py" <<'PYTHON'
"""Prints the numbers by the definition and by OpenVINO: with the axis dropped at once, and by a reshape."""

import numpy as np
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FACTORS = numpy_helper.from_array(np.array([[2, 3]], np.float32), "factors")
AXES = numpy_helper.from_array(np.array([2], np.int64), "axes")
SHAPE = numpy_helper.from_array(np.array([3, 2], np.int64), "shape")
x = np.arange(1, 7, dtype=np.float32).reshape(3, 2, 1)
at_once = [helper.make_node("ReduceMax", ["x", "axes"], ["h"], keepdims=0)]
reshaped = [
    helper.make_node("ReduceMax", ["x", "axes"], ["g"], keepdims=1),
    helper.make_node("Reshape", ["g", "shape"], ["h"]),
]
for nodes, arrays in ((at_once, [FACTORS, AXES]), (reshaped, [FACTORS, AXES, SHAPE])):
    graph = helper.make_graph(
        [*nodes, helper.make_node("Mul", ["h", "factors"], ["y"])],
        "largest",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 2, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 2])],
        arrays,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    core = openvino.Core()
    made = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    print(wanted.astype(int).ravel().tolist(), made([x])[0].astype(int).ravel().tolist())
PYTHON
said=$("$folder/venv/bin/python" "$folder/largest.py")
echo "$said"
[ "$said" = "[2, 6, 6, 12, 10, 18] [2, 4, 9, 12, 0, 0]
[2, 6, 6, 12, 10, 18] [2, 6, 6, 12, 10, 18]" ] || { echo "the behaviour is another one"; exit 1; }
