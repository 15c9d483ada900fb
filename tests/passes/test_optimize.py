from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff.differentiate import training_step
from netspec.autodiff.gradient import with_gradient
from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.recipe import Sgd
from netspec.ir.verify import verify
from netspec.passes import optimize as module
from netspec.passes.inference import inference
from netspec.passes.optimize import PASSES, optimize
from netspec.passes.whole import whole_windows
from tests.ir.nets import Net, feeds, graphs

LOSSES = st.sampled_from(get_args(ops.LossName))
EXACT = [each for each in PASSES if each is not whole_windows]
"""Passes that keep the order of every sum. For the other one, see `test_whole.py`."""


def optimize_exactly(graph: Graph) -> Graph:
    """`optimize` without the pass that sums in another order."""
    for each in EXACT:
        graph = each(graph)
    return graph


def wanted(graph: Graph) -> list[str]:
    return [*(value.name for value in graph.outputs), *(update.new.name for update in graph.updates)]


def same_results(before: Graph, after: Graph, seed: int, images: int) -> None:
    """Outputs and updates are the same bits; in place of names, their order counts."""
    given = feeds(before, images, seed)
    expected, found = evaluate(before, given, seed=seed), evaluate(after, given, seed=seed)
    assert [update.old for update in after.updates] == [update.old for update in before.updates]
    for old, new in zip(wanted(before), wanted(after), strict=True):
        assert np.array_equal(expected[old], found[new]), old


@pytest.mark.parametrize("transform", [*EXACT, optimize_exactly], ids=lambda each: each.__name__)
@given(graph=graphs(), loss=LOSSES, momentum=st.sampled_from([0.0, 0.9]), seed=st.integers(0, 9999))
def test_a_pass_keeps_every_result_of_a_training_step(transform, graph, loss, momentum, seed):
    before = training_step(graph, loss, Sgd(0.1, momentum, 0.01))
    after = transform(before)
    verify(after)
    same_results(before, after, seed, 1 + seed % 3)


@given(graph=graphs(), guided=st.booleans(), seed=st.integers(0, 9999))
def test_the_passes_keep_every_result_of_a_gradient_by_the_image(graph, guided, seed):
    forward = inference(graph, None)
    before = with_gradient(forward, forward.outputs[0], forward.inputs[0], guided=guided)
    after = optimize_exactly(before)
    verify(after)
    same_results(before, after, seed, 1 + seed % 3)


@pytest.mark.parametrize("transform", [*EXACT, optimize_exactly], ids=lambda each: each.__name__)
@given(graph=graphs(), loss=st.none() | LOSSES, seed=st.integers(0, 9999))
def test_a_pass_keeps_every_result_of_inference(transform, graph, loss, seed):
    before = inference(graph, loss)
    after = transform(before)
    verify(after)
    same_results(before, after, seed, 1 + seed % 3)


@given(graphs(), LOSSES)
def test_a_second_run_finds_nothing_left_to_do(graph, loss):
    once = optimize(training_step(graph, loss, Sgd(0.1)))
    assert optimize(once) == once


def test_a_pass_that_breaks_the_graph_is_caught(monkeypatch):
    def break_it(graph: Graph) -> Graph:
        return Graph(graph.name, (), (), (), graph.nodes, graph.outputs, ())

    monkeypatch.setattr(module, "PASSES", (break_it,))
    net = Net((3,))
    net.dense(2)
    graph = training_step(net.graph(), "hinge", Sgd())
    with pytest.raises(CompilerBug, match="used before it is defined"):
        optimize(graph)
