from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.autodiff.rules import RULES, products
from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Node, Value
from tests.ir.cases import forward_nodes, node, w, x
from tests.ir.numbers import apart, arrays

STEP = 1e-5
CONTEXT = Context(np.float64, seed=7, step=3)
WITHOUT_DERIVATIVE = {
    ops.Slice: "stands only in backward passes, as do the operations called gradients and sums",
    ops.ChannelSum: "",
    ops.BatchSum: "",
    ops.Loss: "its gradient starts the backward pass",
    ops.SgdUpdate: "ends the step",
    ops.DenseWeightUpdate: "",
    ops.PooledConvolution: "made when a step is planned",
}


def test_every_forward_operation_has_a_rule():
    gradients = {operation for operation in get_args(ops.Operation) if operation.__name__.endswith("Gradient")}
    assert set(RULES) == set(get_args(ops.Operation)) - gradients - set(WITHOUT_DERIVATIVE)


def cotangent_products(made: Node, feeds: dict[str, np.ndarray], dy: np.ndarray) -> dict[int, np.ndarray]:
    """Evaluates the rule's products: the cotangent of each of the node's inputs by place."""
    values = {**feeds, "dy": dy, **results(made, feeds)}
    found = {}
    for product in products(made, Value("dy", made.outputs[0].shape)):
        receivers = tuple(made.inputs[place] for place in product.of)
        given = tuple(values[value.name] for value in product.inputs)
        if product.operation is not None:
            given = apply(product.operation, given, receivers, CONTEXT)
        found |= dict(zip(product.of, given, strict=True))
    return found


def results(made: Node, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    given = tuple(feeds[value.name] for value in made.inputs)
    return {v.name: a for v, a in zip(made.outputs, apply(made.operation, given, made.outputs, CONTEXT), strict=True)}


def slope(made: Node, feeds: dict[str, np.ndarray], dy: np.ndarray, name: str, direction: np.ndarray) -> float:
    """Central difference of <dy, y> along a direction of one input."""
    ahead, behind = (
        (results(made, {**feeds, name: feeds[name] + sign * STEP * direction})[made.outputs[0].name] * dy).sum()
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * STEP)


@pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), images=st.integers(1, 3))
def test_cotangents_agree_with_finite_differences(kind, data, seed, images):
    made = data.draw(forward_nodes(kind))
    rng = np.random.default_rng(seed)
    feeds = arrays(made, rng, images)
    dy = rng.normal(size=results(made, feeds)[made.outputs[0].name].shape)
    for place, cotangent in cotangent_products(made, feeds, dy).items():
        name = made.inputs[place].name
        assert cotangent.shape == feeds[name].shape
        for _ in range(2):
            direction = rng.normal(size=cotangent.shape)
            scale = np.abs(dy).sum() + np.abs(cotangent).sum()
            found = slope(made, feeds, dy, name, direction)
            assert found == pytest.approx((cotangent * direction).sum(), rel=1e-5, abs=1e-6 * scale)


@pytest.mark.parametrize(("function", "at_0", "at_6"), [("relu", 0, 1), ("relu6", 0, 0), ("leaky_relu", 0.25, 1)])
def test_at_a_kink_the_smaller_slope_counts(function, at_0, at_6):
    made = node(ops.Activation(function, 0.25 if function == "leaky_relu" else 0.0), x(2))
    dx = cotangent_products(made, {"x": np.array([[0.0, 6.0]])}, np.ones((1, 2)))[0]
    assert dx.tolist() == [[at_0, at_6]]


def test_the_first_of_equal_maxima_takes_the_gradient():
    window = ops.Window((2, 2), (2, 2))
    made = Node(
        ops.MaxPool(window), (x(1, 2, 2),), (Value("y", (1, 1, 1)), Value("i", (1, 1, 1), dtype="int32")), "pool"
    )
    dx = cotangent_products(made, {"x": np.zeros((1, 1, 2, 2))}, np.ones((1, 1, 1, 1)))[0]
    assert dx.reshape(-1).tolist() == [1, 0, 0, 0]
    made = node(ops.Maxout(3), x(3))
    assert cotangent_products(made, {"x": np.zeros((1, 3))}, np.ones((1, 1)))[0].tolist() == [[1, 0, 0]]


def test_a_fused_activation_is_refused():
    fused = node(ops.Dense(ops.Activation("relu")), x(3), w(2, 3))
    with pytest.raises(CompilerBug, match="differentiate before fusing"):
        products(fused, Value("dy", (2,)))


def test_an_operation_without_a_derivative_is_refused():
    with pytest.raises(CompilerBug, match="Slice has no derivative"):
        products(node(ops.Slice(0, 1), x(2)), Value("dy", (1,)))


def test_numbers_apart_stay_clear_of_each_other_and_of_the_kinks():
    numbers = np.sort(apart(np.random.default_rng(1), (5, 61)).reshape(-1))
    assert np.diff(numbers).min() > 0.05
    assert min(np.abs(numbers).min(), np.abs(numbers - 6).min()) > 0.025
