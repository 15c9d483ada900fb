from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.evaluate import MEANINGS, apply, evaluate
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.operations import Operation
from netspec.ir.shapes import SHAPE_RULES, output_shapes
from netspec.ir.verify import SIGNATURES
from tests.ir.cases import FORWARD, forward_nodes, node, w, x
from tests.ir.numbers import arrays


@pytest.mark.parametrize("table", [MEANINGS, SHAPE_RULES, SIGNATURES], ids=["meaning", "shape", "signature"])
def test_every_operation_stands_in_the_table_in_the_order_of_the_union(table):
    assert list(table) == list(get_args(Operation))


@pytest.mark.parametrize("kind", FORWARD, ids=lambda kind: kind.__name__)
@given(data=st.data(), seed=st.integers(0, 1000), images=st.integers(1, 3), dtype=st.sampled_from(["f4", "f8"]))
def test_results_have_the_shape_of_the_rule_and_the_precision_asked_for(kind, data, seed, images, dtype):
    made = data.draw(forward_nodes(kind))
    feeds = arrays(made, np.random.default_rng(seed), images)
    given = tuple(feeds[value.name].astype(dtype) for value in made.inputs)
    for array, value in zip(apply(made.operation, given, made.outputs, Context(dtype)), made.outputs, strict=True):
        assert array.shape == ((images, *value.shape) if value.batched else value.shape)
        assert array.dtype == (np.int32 if value.dtype == "int32" else dtype)


@pytest.mark.parametrize("kind", FORWARD, ids=lambda kind: kind.__name__)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_images_do_not_know_each_other_except_in_batch_statistics(kind, data, seed):
    made = data.draw(forward_nodes(kind))
    if kind in (ops.BatchNormTraining, ops.Dropout):
        return
    feeds = arrays(made, np.random.default_rng(seed), 3)
    both = apply(made.operation, tuple(feeds[v.name] for v in made.inputs), made.outputs, Context())
    second = tuple(feeds[v.name][1:2] if v.batched else feeds[v.name] for v in made.inputs)
    alone = apply(made.operation, second, made.outputs, Context())
    assert np.allclose(both[0][1:2], alone[0], rtol=1e-12, atol=1e-12)


def graph(made: Node) -> Graph:
    return Graph("one", made.inputs, (), (), (made,), made.outputs, ())


def test_a_missing_or_misshapen_feed_is_refused():
    made = graph(node(ops.Add(), x(2, name="a"), x(2, name="b")))
    good = np.zeros((3, 2))
    with pytest.raises(CompilerBug, match="nothing is fed to `b`"):
        evaluate(made, {"a": good})
    with pytest.raises(CompilerBug, match="`b` should be"):
        evaluate(made, {"a": good, "b": np.zeros((3, 1))})
    with pytest.raises(CompilerBug, match="different numbers of images"):
        evaluate(made, {"a": good, "b": np.zeros((2, 2))})
    assert evaluate(made, {"a": good, "b": good})["y"].shape == (3, 2)


def test_a_declared_shape_that_is_wrong_is_found():
    wrong = Node(ops.Activation("relu"), (x(2),), (Value("y", (3,)),), "layer")
    with pytest.raises(CompilerBug, match="`y` should be"):
        evaluate(graph(wrong), {"x": np.zeros((1, 2))})


def one(operation: Operation, *feeds: tuple[Value, object], outputs: int = 1) -> list[np.ndarray]:
    made = node(operation, *(value for value, _ in feeds), outputs=outputs)
    given = tuple(np.asarray(array, np.int32 if value.dtype == "int32" else float) for value, array in feeds)
    return [np.asarray(array) for array in apply(operation, given, made.outputs, Context())]


LABEL = Value("label", (), dtype="int32")
LN2 = 0.6931471805599453


@pytest.mark.parametrize(
    ("function", "logits", "labels", "loss", "correct"),
    [
        ("cross_entropy", [[0, 0], [0, 0]], [0, 1], 2 * LN2, 1),  # of equal logits the first is the answer
        ("cross_entropy", [[1000, 0]], [1], 1000, 0),
        ("binary_cross_entropy", [[0], [0]], [1, 0], 2 * LN2, 1),  # 0 is not above 0
        ("binary_cross_entropy", [[-1000]], [1], 1000, 0),
        ("binary_cross_entropy", [[0, 0, 1000]], [2], 2 * LN2, 1),
        ("squared_error", [[2.75]], [3], 0.03125, 0),  # a number, no class
        ("squared_error", [[2.75], [-2]], [1, 0], 1.53125 + 2, 2),  # the nearer of 0 and 1
        ("squared_error", [[0.5], [0.5]], [1, 0], 0.25, 1),
        ("squared_error", [[1, 0, 2]], [2], 1, 1),
        ("hinge", [[0.25], [0.25]], [1, 0], 2, 1),
        ("hinge", [[1, 2, 0.5]], [1], 0, 1),
        ("hinge", [[1, 1, 2.5]], [0], 1 + 2.5, 0),
    ],
)
def test_losses_worked_by_hand(function, logits, labels, loss, correct):
    logits = np.asarray(logits, float)
    found = one(ops.Loss(function), (x(logits.shape[1]), logits), (LABEL, labels))
    assert [float(value) for value in found] == pytest.approx([loss, correct])


@pytest.mark.parametrize("function", get_args(ops.LossName))
@given(outputs=st.integers(1, 4), images=st.integers(1, 5), seed=st.integers(0, 10_000))
def test_a_loss_gradient_is_that_of_the_mean_over_the_images(function, outputs, images, seed):
    rng = np.random.default_rng(seed)
    classes = outputs if function == "cross_entropy" else max(outputs, 2)
    logits, labels = rng.normal(size=(images, outputs)) * 3, rng.integers(0, classes, images)
    gradient = one(ops.LossGradient(function), (x(outputs), logits), (LABEL, labels))[0]
    direction = rng.normal(size=logits.shape)
    step = 1e-6
    ahead, behind = (
        one(ops.Loss(function), (x(outputs), logits + sign * step * direction), (LABEL, labels))[0] for sign in (1, -1)
    )
    found = (ahead - behind) / (2 * step * images)
    assert found == pytest.approx((gradient * direction).sum(), rel=1e-6, abs=1e-7)


def sgd(operation: ops.SgdUpdate, **arrays: float) -> list[float]:
    feeds = [(w(name=name), value) for name, value in arrays.items()]
    return [float(value) for value in one(operation, *feeds)]


def test_updates_worked_by_hand():
    plain = ops.SgdUpdate(0.0, False, 0.5)
    assert sgd(plain, w=2, g=3, rate=0.25) == [2 - 0.25 * (3 + 0.5 * 2)]
    assert sgd(ops.SgdUpdate(0.0, False, 0.0, 2.0), w=2, g=3, rate=0.25) == [2 - 0.25 * 2 * 3]
    assert sgd(ops.SgdUpdate(0.5, False, 0.0), w=2, g=3, v=4, rate=0.25) == [2 - 0.25 * (0.5 * 4 + 3), 5]
    nesterov = ops.SgdUpdate(0.5, True, 0.5)
    assert sgd(nesterov, w=2, g=3, v=4, rate=0.25) == [2 - 0.25 * (4 + 0.5 * 6), 0.5 * 4 + (3 + 0.5 * 2)]


def test_an_average_counts_real_pixels_or_with_count_pad_the_border_before_the_far_extension():
    """3 pixels, a border of 1, and a far border of 2, one of them the extension of `round=ceil`."""
    window = ops.Window((1, 3), (1, 3), (0, 1), (0, 2))
    row = (x(1, 1, 3), [[[[6.0, 6.0, 6.0]]]])
    assert one(ops.AveragePool(window), row)[0].tolist() == [[[[6, 6]]]]
    assert one(ops.AveragePool(window, count_pad=True), row)[0].tolist() == [[[[4, 3]]]]


def test_normalising_a_single_number_gives_the_shift_and_a_running_variance_of_nothing():
    names = ("scale", "shift", "mean", "variance")
    y, _, _, mean, variance = one(
        ops.BatchNormTraining(0.5), (x(1), [[7.0]]), *((w(1, name=name), [3.0]) for name in names)
    )
    assert (y.tolist(), mean.tolist(), variance.tolist()) == ([[3]], [5], [1.5])


def test_dropout_is_a_function_of_seed_step_and_stream():
    made = node(ops.Dropout(0.5, stream=2), x(4, 4, 4))
    ones = np.ones((5, 4, 4, 4))

    def run(**context: int) -> list:
        return apply(made.operation, (ones,), made.outputs, Context(np.float64, **context))[0].tolist()

    first = run(seed=1, step=1)
    assert set(np.unique(first)) == {0.0, 2.0}
    assert first == run(seed=1, step=1)
    assert first != run(seed=1, step=2)
    assert first != run(seed=2, step=1)


def test_reshape_reads_its_shape_from_the_node():
    made = Node(ops.Reshape(), (x(2, 3, 4),), (Value("y", (6, 4)),), "layer")
    assert apply(made.operation, (np.zeros((5, 2, 3, 4)),), made.outputs, Context())[0].shape == (5, 6, 4)
    assert output_shapes(ops.Reshape(), ((2, 3, 4),)) == ((24,),)
