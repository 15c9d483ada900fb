from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff import check_gradients as module
from netspec.autodiff import probe, rules
from netspec.autodiff.check_gradients import TOLERANCE, check_gradients
from netspec.autodiff.rules import Product
from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from tests.ir.nets import Net, frozen, graphs

METHODS = ("end to end", "link by link")
LOSSES = st.sampled_from(get_args(ops.LossName))


@pytest.mark.parametrize("method", METHODS)
@given(graph=graphs(), loss=LOSSES, seed=st.integers(0, 999))
def test_every_gradient_of_a_random_net_agrees(method, graph, loss, seed):
    found = check_gradients(graph, loss, seed=seed, method=method, samples=4)
    assert found.agrees, [row for row in found.rows if not row.agrees]
    moved = {p.value.name for p in graph.parameters if p.rate_factor}
    assert {row.name for row in found.rows if row.kind == "parameter"} == moved


def everything() -> Graph:
    """A net with every kind of layer whose derivative could be wrong."""
    net = Net((2, 6, 6))
    net.conv(4, bias=True, before=(1, 1), after=(1, 1))
    net.batchnorm()
    start = net.activation("silu")
    net.layer(ops.LocalResponseNorm(3, 0.5, 0.75, 1.0))
    net.layer(ops.Add(), start, net.activation("tanh"))
    net.layer(ops.MaxPool(Window((2, 2), (2, 2))))
    net.layer(ops.Deconvolution(Window((2, 2), (2, 2))), parameters=(net.parameter("weight", 4, 3, 2, 2),))
    net.layer(ops.AveragePool(Window((3, 3), (1, 1))))
    net.layer(ops.Local(Window((2, 2))), parameters=(net.parameter("weight", 4, 3, 3, 3, 2, 2),))
    net.layer(ops.Upsample(2))
    net.layer(ops.Maxout(2))
    net.layer(ops.Dropout(0.3, stream=1))
    start = net.last
    net.layer(ops.Concatenate(), start, net.activation("gelu"))
    net.layer(ops.Reshape(), shape=(net.last.elements,))
    net.dense(6)
    net.layer(ops.Softmax())
    net.dense(3)
    return net.graph()


@pytest.mark.parametrize("method", METHODS)
def test_a_net_with_every_kind_of_layer_agrees(method):
    found = check_gradients(everything(), "cross_entropy", method=method)
    assert found.agrees
    assert max(row.largest_error for row in found.rows) < 0.1 * TOLERANCE
    assert sum(row.checked for row in found.rows) > 100


def broken(operation: type, change: Callable[[Product], Product]) -> dict[type, Any]:
    """The rules, with the first product of one operation changed."""
    right = rules.RULES[operation]

    def wrong(op: Any, node: Any, dy: Any) -> tuple[Product, ...]:
        first, *others = right(op, node, dy)
        return change(first), *others

    return {**rules.RULES, operation: wrong}


def disguised(**changes: object) -> Callable[[Product], Product]:
    return lambda product: replace(product, operation=replace(product.operation, **changes))


def passed_on(product: Product) -> Product:
    """The cotangent of the output in place of the input's own."""
    return Product(product.of, None, product.inputs[-1:])


WRONG: list[tuple[type, Callable[[Product], Product]]] = [
    (ops.Activation, disguised(function="sigmoid")),
    (ops.AveragePool, disguised(count_pad=True)),
    (ops.LocalResponseNorm, disguised(beta=0.7)),
    (ops.LocalResponseNorm, disguised(size=2)),
    (ops.Dropout, disguised(stream=2)),
    (ops.Softmax, passed_on),
    (ops.Concatenate, disguised(begin=1, end=3)),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("operation", "change"), WRONG, ids=lambda each: getattr(each, "__name__", ""))
def test_a_wrong_derivative_is_found(method, operation, change, monkeypatch):
    graph = everything() if operation is not ops.AveragePool else padded_average()
    monkeypatch.setattr(rules, "RULES", broken(operation, change))
    assert not check_gradients(graph, "cross_entropy", method=method).agrees


def padded_average() -> Graph:
    net = Net((1, 4, 4))
    net.conv(2)
    net.layer(ops.AveragePool(Window((2, 2), (1, 1), (1, 1), (1, 1))))
    net.dense(3)
    return net.graph()


def test_a_wrong_derivative_is_found_where_it_is(monkeypatch):
    monkeypatch.setattr(rules, "RULES", broken(ops.Softmax, passed_on))
    found = check_gradients(everything(), "cross_entropy", method="link by link")
    assert [row.name for row in found.rows if not row.agrees] == ["dense17"]


def test_statistics_taken_as_constants_are_found(monkeypatch):
    """BatchNorm's usual mistake: forgetting that mean and deviation depend on the input."""

    def wrong(op: Any, node: Any, dy: Any) -> tuple[Product, ...]:
        return (Product((0,), None, (dy,)),)

    monkeypatch.setattr(rules, "RULES", {**rules.RULES, ops.BatchNormTraining: wrong})
    assert not check_gradients(everything(), "cross_entropy").agrees


def test_frozen_parameters_are_named_and_not_checked():
    net = Net((3,))
    net.dense(2)
    found = check_gradients(frozen(net.graph(), "layer1.bias"), "hinge")
    assert found.frozen == ("layer1.bias",)
    assert [row.name for row in found.rows] == ["layer1.weight"]


def test_a_net_without_parameters_has_nothing_to_check():
    net = Net((3,))
    net.activation("tanh")
    assert check_gradients(net.graph(), "cross_entropy").rows == ()


def test_a_maximum_of_numbers_that_move_together_is_no_kink():
    net = Net((2,))
    weight = net.parameter("weight", 2, 2)
    one = net.layer(ops.Dense(), parameters=(weight,))
    net.layer(ops.Concatenate(), one, one)
    net.layer(ops.Reshape(), shape=(4, 1, 1))
    net.layer(ops.Reshape(), shape=(1, 2, 2))
    net.layer(ops.MaxPool(Window((2, 1), (1, 1))))  # of rows that are copies of each other
    net.layer(ops.Reshape(), shape=(2,))
    found = check_gradients(net.graph(), "cross_entropy", method="end to end")
    assert found.agrees
    assert [(row.name, row.checked) for row in found.rows] == [("layer1.weight", 4)]


def test_numbers_at_a_kink_are_left_out_and_counted(monkeypatch):
    """All parameters are 0, so the rectifier stands at its kink."""
    monkeypatch.setattr(module, "_draw", lambda parameter, rng: np.zeros(parameter.value.shape))
    net = Net((3,))
    net.dense(2, bias=False)
    net.activation("relu")
    found = check_gradients(net.graph(), "squared_error")
    assert [(row.checked, row.at_kinks, row.agrees) for row in found.rows] == [(0, 6, True)]


def test_the_same_seed_checks_the_same_numbers():
    once, again = (check_gradients(everything(), "hinge", seed=3) for _ in range(2))
    assert once == again


def test_a_net_beyond_the_limit_of_work_is_checked_link_by_link_on_fewer_images_and_numbers(monkeypatch):
    small = check_gradients(padded_average(), "cross_entropy")
    assert (small.method, small.images, small.rows[0].checked) == ("end to end", 4, 16)
    monkeypatch.setattr(module, "WORK_LIMIT", 1e2)
    large = check_gradients(padded_average(), "cross_entropy")
    assert (large.method, large.images, large.rows[0].checked) == ("link by link", 2, 1)
    assert {row.kind for row in large.rows} == {"parameter", "activation"}
    assert large.agrees


def test_a_gradient_that_is_not_a_number_disagrees(monkeypatch):
    monkeypatch.setattr(module, "_draw", lambda parameter, rng: np.full(parameter.value.shape, np.nan))
    net = Net((3,))
    net.dense(2)
    assert not check_gradients(net.graph(), "squared_error").agrees


def test_a_function_that_bends_much_is_given_a_shorter_step(monkeypatch):
    """tanh(20000 w x): at the longest step a central difference is off by a hundredth."""
    start = {"layer1.weight": 1e-5, "layer2.weight": 2e4}
    monkeypatch.setattr(module, "_draw", lambda p, rng: np.full(p.value.shape, start[p.value.name]))
    net = Net((3,))
    net.dense(1, bias=False)
    net.dense(1, bias=False)
    net.activation("tanh")
    assert check_gradients(net.graph(), "squared_error").agrees
    monkeypatch.setattr(probe, "STEPS", probe.STEPS[:1])
    found = check_gradients(net.graph(), "squared_error")
    assert [row.name for row in found.rows if not row.agrees] == ["layer1.weight"]


def test_what_is_all_rounding_is_no_mistake_and_a_wrong_derivative_is_one():
    rounding = (
        probe.Difference(8.9e-12, 3.6e-12),
        probe.Difference(2.7e-10, 3.6e-11),
        probe.Difference(8.9e-10, 3.6e-10),
    )
    assert module._smallest_error(0.0, rounding) <= TOLERANCE
    smooth = (probe.Difference(1 + 1e-7, 1e-11), probe.Difference(1 + 1e-9, 1e-10), probe.Difference(1 - 2e-9, 1e-9))
    assert module._smallest_error(1.0, smooth) <= TOLERANCE
    assert module._smallest_error(1.0 + 1e-3, smooth) > TOLERANCE
