import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.evaluate import apply, evaluate
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from netspec.ir.verify import verify
from netspec.passes.whole import whole_windows
from tests.ir.nets import Net, feeds, graphs
from tests.passes.test_optimize import wanted
from tests.schedule.nets import bundled, step_graph

SGD = Sgd(0.1, 0.9, 0.01)
CONVOLUTIONS = (ops.Convolution, ops.ConvolutionInputGradient, ops.ConvolutionWeightGradient)


def net(window: Window, groups: int = 1) -> Graph:
    """A 4x6x5 map, the window, tanh, two outputs."""
    made = Net((2, 6, 5))
    made.conv(4, 3, before=(1, 1), after=(1, 1))
    weight = made.parameter("weight", 8, 4 // groups, *window.kernel)
    made.layer(ops.Convolution(window, groups), parameters=(weight, made.parameter("bias", 8)))
    made.activation("tanh")
    made.dense(2)
    return made.graph()


def kinds(graph: Graph) -> list[type]:
    return [type(node.operation) for node in graph.nodes]


@pytest.mark.parametrize("window", [Window((6, 5)), Window((6, 5), (3, 2), after=(2, 1))], ids=["plain", "strided"])
def test_a_window_that_holds_the_whole_map_is_a_dense_layer(window: Window) -> None:
    before = training_step(net(window), "hinge", SGD)
    after = whole_windows(before)
    verify(after)
    assert [kinds(before).count(kind) for kind in CONVOLUTIONS] == [2, 1, 2]
    assert [kinds(after).count(kind) for kind in CONVOLUTIONS] == [1, 0, 1]
    fed = feeds(before, 5, 1)
    expected, found = evaluate(before, fed), evaluate(after, fed)
    for name in wanted(before):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-12)


@st.composite
def whole_nets(draw: st.DrawFn) -> Graph:
    """A map of any size, and a layer that sees all of it at once."""
    c, h, w, k = (draw(st.integers(1, 5)) for _ in range(4))
    made = Net((c, h, w))
    bias = (made.parameter("bias", k),) if draw(st.booleans()) else ()
    made.layer(ops.Convolution(Window((h, w))), parameters=(made.parameter("weight", k, c, h, w), *bias))
    made.activation("tanh")
    made.dense(2)
    return made.graph()


@given(st.one_of(whole_nets(), graphs()), st.integers(1, 3), st.integers(0, 9999))
def test_every_node_sums_the_same_products_as_before(graph: Graph, images: int, seed: int) -> None:
    """On the same inputs, to within rounding: later layers may enlarge a last digit without bound."""
    before = training_step(graph, "hinge", SGD)
    values = evaluate(before, feeds(before, images, seed))
    for old, new in zip(before.nodes, whole_windows(before).nodes, strict=True):
        assert (new.inputs, new.outputs) == (old.inputs, old.outputs)
        if new != old:
            inputs = [values[value.name] for value in old.inputs]
            (found,) = apply(new.operation, inputs, new.outputs, Context())
            (sizes,) = apply(old.operation, [abs(each) for each in inputs], old.outputs, Context())
            terms = sum(each.size for each in inputs)
            assert (abs(found - values[old.outputs[0].name]) <= terms * np.finfo(float).eps * sizes).all()


@pytest.mark.parametrize(
    ("window", "groups"),
    [
        (Window((6, 5)), 2),
        (Window((5, 5), (2, 1)), 1),  # one position, which leaves a row unread
        (Window((6, 5), (9, 9), (1, 0), (0, 0)), 1),
        (Window((6, 5), (9, 9), (0, 0), (5, 0), (2, 1)), 1),  # every second row, of which half are padding
        (Window((6, 4)), 1),
    ],
    ids=["groups", "a part", "padding", "gaps", "two positions"],
)
def test_others_stay_as_they_are(window: Window, groups: int) -> None:
    step = training_step(net(window, groups), "hinge", SGD)
    assert whole_windows(step) == step


def test_the_weights_of_lenet5_s_c5_move_while_their_gradient_is_summed() -> None:
    step = step_graph(bundled("lenet5"))
    assert [type(node.operation) for node in step.nodes if node.layer == "c5"].count(ops.DenseWeightUpdate) == 1
