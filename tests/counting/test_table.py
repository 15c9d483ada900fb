"""Counts are sizes of arrays that really exist."""

import numpy as np
import pytest

from netspec.counting.table import count
from netspec.ir import operations as ops
from netspec.ir.counts import COUNT_RULES, macs
from netspec.ir.graph import Node, Value
from netspec.ir.initialize import initialize
from tests.counting.nets import graph


def test_a_tied_layer_shares_and_owns_nothing():
    counted = count(graph("input 2x8x8; conv 2 3x3 pad=1 as first; conv 2 3x3 pad=1 tie=first; dense 3"))
    first, second = counted.layers[1:3]
    assert (first.parameters, second.parameters) == (38, 0)
    assert second.shares == ("first.weight", "first.bias")
    assert first.macs == second.macs
    assert counted.parameters == 38 + 3 * 129


def test_running_statistics_stand_apart():
    counted = count(graph("input 3x4x4; conv 5 1x1 nobias; batchnorm relu; dense 2"))
    assert counted.statistics == 10
    assert counted.parameters == 15 + 10 + (80 * 2 + 2)


def test_a_flag_counts_with_its_layer():
    plain, flagged = (count(graph(f"input 1x8x8; conv 2 3x3{flag}; dense 2")) for flag in ("", " relu"))
    assert plain.parameters == flagged.parameters
    assert [layer.name for layer in flagged.layers] == ["input", "conv1", "dense1"]


def test_flops_are_twice_the_macs():
    counted = count(graph("input 1x8x8; conv 2 3x3; dense 2"))
    assert (counted.macs, counted.flops) == (2 * 36 * 9 + 72 * 2, 2 * (2 * 36 * 9 + 72 * 2))


def test_rows_tell_where_they_stand():
    assert [layer.line for layer in count(graph("input 1x8x8\nconv 2 3x3\ndense 2")).layers] == [1, 2, 3]


def test_every_operation_has_a_count_rule():
    assert set(COUNT_RULES) == set(ops.Operation.__args__)


def node(operation: ops.Operation, inputs: list[tuple[int, ...]], outputs: list[tuple[int, ...]]) -> Node:
    def values(letter: str, shapes: list[tuple[int, ...]]) -> tuple[Value, ...]:
        return tuple(Value(f"{letter}{k}", shape) for k, shape in enumerate(shapes))

    return Node(operation, values("x", inputs), values("y", outputs), "layer")


WINDOW = ops.Window((3, 3))
X, W, Y = (4, 8, 8), (6, 2, 3, 3), (6, 6, 6)
LX, LW, LY = (2, 4, 4), (3, 2, 2, 2, 3, 3), (3, 2, 2)
GRADIENTS = [
    (ops.Convolution(WINDOW, 2), [X, W], [Y], ops.ConvolutionInputGradient(WINDOW, 2), [Y, W], [X]),
    (ops.Convolution(WINDOW, 2), [X, W], [Y], ops.ConvolutionWeightGradient(WINDOW, 2), [X, Y], [W]),
    (ops.Local(WINDOW), [LX, LW], [LY], ops.LocalInputGradient(WINDOW), [LY, LW], [LX]),
    (ops.Local(WINDOW), [LX, LW], [LY], ops.LocalWeightGradient(WINDOW), [LX, LY], [LW]),
    (ops.Dense(), [X, (5, 256)], [(5,)], ops.DenseInputGradient(), [(5,), (5, 256)], [X]),
    (ops.Dense(), [X, (5, 256)], [(5,)], ops.DenseWeightGradient(), [X, (5,)], [(5, 256)]),
]


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda case: type(case[3]).__name__)
def test_a_gradient_takes_as_many_macs_as_its_layer(case: tuple):
    forward, backward = node(*case[:3]), node(*case[3:])
    assert macs(forward) == macs(backward) > 0


def test_macs_of_a_convolution_are_the_products_of_its_loops():
    """Counted one by one, the way a student would."""
    groups, (k, c, i, j), (_, y, x) = 2, W, Y
    total = sum(1 for _ in np.ndindex(k, y, x, c, i, j))
    assert c * groups == X[0]
    assert macs(node(ops.Convolution(WINDOW, groups), [X, W], [Y])) == total


def test_parameters_are_the_arrays_that_are_made():
    net = graph("input 2x9x9; conv 4 3x3 stride=2; batchnorm relu; local 3 2x2; deconv 2 3x3; depthwise 3x3; dense 5")
    made = initialize(net, seed=1)
    counted = count(net)
    assert counted.parameters + counted.statistics == sum(array.size for array in made.values())
