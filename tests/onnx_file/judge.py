"""A net written as ONNX, run by ONNX Runtime, is what the oracle says it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from netspec.compiler import prediction
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment
from netspec.onnx_file.model import onnx_model
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
    import onnxruntime  # noqa: PLC0415

    model = onnx_model(graph, arrays, None if open_batch else images)
    onnx.checker.check_model(model, full_check=True)
    name, shape = graph.inputs[0].name, graph.inputs[0].shape
    x = np.random.default_rng(seed).normal(size=(images, *shape)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run([value.name for value in graph.outputs], {name: x})
    wanted = evaluate(graph, {name: x, **arrays})
    largest = max(1.0, *(np.abs(array).max() for array in wanted.values() if array.size))
    for value, array in zip(graph.outputs, found, strict=True):
        np.testing.assert_allclose(array, wanted[value.name], rtol=1e-4, atol=CLOSE * largest, err_msg=value.name)
