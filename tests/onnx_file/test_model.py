"""Any net in prediction is written as ONNX, and gives the oracle's numbers there."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.compiler import step_graph
from netspec.diagnostics.failure import CompilerBug, DataError
from netspec.ir.graph import Graph
from netspec.ir.initialize import initialize
from netspec.onnx_file import model
from netspec.passes.inference import inference
from netspec.resources import bundled_specs
from tests.check.reading_specs import examined
from tests.onnx_file.judge import agree, judge, spec
from tests.schedule.nets import bundled
from tests.strategies import valid_specs

pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed (extra `bench`)")

LARGEST_PIXELS = 32 * 32
SMALL = [name for name in bundled_specs() if np.prod(bundled(name).graph.inputs[0].shape[1:]) <= LARGEST_PIXELS]


@given(valid_specs(), st.integers(0, 999))
def test_a_random_net_gives_the_oracles_numbers(text: str, seed: int) -> None:
    agree(examined(text)[0], seed)


@pytest.mark.parametrize("name", SMALL)
def test_a_bundled_net_gives_the_oracles_numbers(name: str) -> None:
    graph = inference(bundled(name).graph, None)
    judge(graph, started(graph), seed=2, images=1, open_batch=True)


def started(graph: Graph) -> dict[str, np.ndarray]:
    """Initial weights, with what there is one of a channel in generic position: a deep net's numbers stay small."""
    draw = np.random.default_rng(2)
    arrays = initialize(graph, 2)
    near = {name: array + np.float32(0.1) * draw.random(array.shape, np.float32) for name, array in arrays.items()}
    return {name: near[name] if array.ndim == 1 else array for name, array in arrays.items()}


def test_most_bundled_nets_are_small_enough_to_be_judged() -> None:
    assert len(SMALL) >= 18


def test_names_are_those_of_the_graph() -> None:
    graph = inference(spec("conv 3 3 relu as first; dense 4").graph, None)
    made = model.onnx_model(graph, initialize(graph, 1)).graph
    assert {each.name for each in made.initializer} >= {parameter.value.name for parameter in graph.parameters}
    assert {"first", graph.outputs[0].name} <= {each.name for each in made.node}
    assert [each.name for each in (*made.input, *made.output)] == [graph.inputs[0].name, graph.outputs[0].name]


def test_the_batch_is_open_or_fixed() -> None:
    graph = inference(spec("dense 4").graph, None)
    (left,), (fixed,) = (model.onnx_model(graph, initialize(graph, 1), images).graph.input for images in (None, 5))
    axes, (count, *_) = left.type.tensor_type.shape.dim, fixed.type.tensor_type.shape.dim
    assert (axes[0].dim_param, [axis.dim_value for axis in axes[1:]], count.dim_value) == ("N", [2, 7, 6], 5)


def test_a_file_holds_the_model(tmp_path: Path) -> None:
    graph = inference(spec("dense 4").graph, None)
    model.write_onnx(tmp_path / "n.onnx", graph, initialize(graph, 1), 2)
    held = (tmp_path / "n.onnx").read_bytes()
    assert held == model.onnx_model(graph, initialize(graph, 1), 2).SerializeToString()


def test_weights_that_no_node_reads_are_left_out() -> None:
    graph = inference(spec("dense 4").graph, None)
    arrays = {**initialize(graph, 1), "other.weight": np.zeros(3, np.float32)}
    assert "other.weight" not in {each.name for each in model.onnx_model(graph, arrays).graph.initializer}


def test_a_net_that_no_file_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = inference(spec("dense 4").graph, None)
    assert model.LARGEST_BYTES < 2**31
    monkeypatch.setattr(model, "LARGEST_BYTES", 4 * (4 * 84 + 4) - 1)
    with pytest.raises(DataError, match=re.escape("`n` has arrays of 0.0 GiB, and an ONNX file holds less")) as refused:
        model.onnx_model(graph, initialize(graph, 1))
    assert refused.value.code == "E624"
    monkeypatch.setattr(model, "LARGEST_BYTES", 4 * (4 * 84 + 4) + 100)
    model.onnx_model(graph, initialize(graph, 1))


def test_a_training_step_is_no_prediction() -> None:
    net = spec("dense 4")
    with pytest.raises(CompilerBug, match="Loss is no operation of a prediction"):
        model.onnx_model(step_graph(net), initialize(net.graph, 1))
