import numpy as np
import pytest

from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from netspec.ir.verify import verify
from netspec.passes.whole import whole_windows
from tests.ir.nets import Net, feeds
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
    given = feeds(before, 5, 1)
    expected, found = evaluate(before, given), evaluate(after, given)
    for name in wanted(before):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-12)


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
