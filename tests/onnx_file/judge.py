"""A net written as ONNX is what the oracle says it is: in ONNX Runtime, and in OpenVINO where that is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np

from netspec.compiler import prediction
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.operations import Convolution
from netspec.ir.recipe import Experiment
from netspec.onnx_file.model import onnx_model
from netspec.onnx_file.windows import padded
from netspec.passes.fold_weights import folded_weights
from netspec.passes.inference import inference
from netspec.passes.probabilities import with_probabilities
from tests.check.reading_specs import examined
from tests.passes.test_fold import generic

IMAGES = 3
CLOSE = 2e-5
"""of the largest number that any layer makes"""


def spec(body: str, image: str = "2x7x6") -> Experiment:
    """A net of these statements."""
    experiment, report = examined(f"net n {{ input {image}; {body} }}\n")
    assert not report.failed, [diagnostic.message for diagnostic in report.diagnostics]
    return experiment


def kinds(body: str, image: str = "2x7x6") -> list[str]:
    """The operators of ONNX's that a net is written with, in order."""
    graph = inference(spec(body, image).graph, None)
    return [node.op_type for node in onnx_model(graph, generic(graph, 1)).graph.node]


def agree(net: Experiment, seed: int = 1, images: int = IMAGES) -> None:
    """The net's forward pass, as it was checked and as netspec runs it, folded and fused."""
    weights, folded = generic(net.graph, seed), prediction(net)
    checked = with_probabilities(inference(net.graph, None), net.train.loss)
    judge(checked, weights, seed, images, open_batch=True)
    judge(folded.graph, folded_weights(folded, weights), seed, images, open_batch=False)


def judge(graph: Graph, arrays: Mapping[str, np.ndarray], seed: int, images: int, *, open_batch: bool) -> None:
    """Every output of a forward pass, and what ONNX's own checker says of the model."""
    import onnx  # noqa: PLC0415 (an extra)

    model = onnx_model(graph, arrays, None if open_batch else images)
    onnx.checker.check_model(model, full_check=True)
    name, shape = graph.inputs[0].name, graph.inputs[0].shape
    x = np.random.default_rng(seed).normal(size=(images, *shape)).astype(np.float32)
    wanted = evaluate(graph, {name: x, **arrays})
    largest = max(1.0, *(np.abs(array).max() for array in wanted.values() if array.size))
    runs = (onnx_runtime, openvino) if find_spec("openvino") and not borders_single_pixels(graph) else (onnx_runtime,)
    for run in runs:
        for value, array in zip(graph.outputs, run(model.SerializeToString(), x), strict=True):
            told = f"{value.name} of {run.__name__}"
            np.testing.assert_allclose(array, wanted[value.name], rtol=1e-4, atol=CLOSE * largest, err_msg=told)


def borders_single_pixels(graph: Graph) -> bool:
    """Whether a net has what OpenVINO 2026.4 computes wrongly: it takes the stride of a 1x1 convolution in the layer
    before, as if the convolution had no padding."""
    windows = (node.operation.window for node in graph.nodes if isinstance(node.operation, Convolution))
    return any(window.kernel == (1, 1) and padded(window) for window in windows)


def onnx_runtime(model: bytes, x: np.ndarray) -> list[np.ndarray]:
    import onnxruntime  # noqa: PLC0415 (an extra)

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})


def openvino(model: bytes, x: np.ndarray) -> list[np.ndarray]:
    from openvino import Core  # noqa: PLC0415 (an extra)

    core = Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return list(compiled([x]).values())
