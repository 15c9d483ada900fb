import numpy as np
import pytest

from netspec.autodiff.probe import STEPS, Difference, Probe, differences
from netspec.ir import operations as ops
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Node, Value
from tests.ir.cases import node, x

ONE = np.ones(())


def probed(made: Node, numbers: list[float], place: int = 0, weight: np.ndarray = ONE) -> Difference | None:
    probe = Probe((made,), {made.outputs[0].name: weight}, chained=False)
    values = {made.inputs[0].name: np.array([numbers])}
    return next(differences(probe, values, made.inputs[0].name, place, Context()), None)


def test_a_smooth_function_has_its_slope():
    found = probed(node(ops.Activation("tanh"), x(2)), [0.5, -1.0], place=1)
    assert found is not None
    assert found.slope == pytest.approx(1 - np.tanh(1) ** 2, rel=1e-9)
    assert 0 < found.noise < 1e-8


def test_the_weights_of_the_outputs_count():
    found = probed(node(ops.Activation("tanh"), x(2)), [0.5, -1.0], place=1, weight=np.array([[5.0, 3.0]]))
    assert found is not None
    assert found.slope == pytest.approx(3 * (1 - np.tanh(1) ** 2), rel=1e-9)


KINKED = [
    (node(ops.Activation("relu"), x(1)), [0.0]),
    (node(ops.Activation("leaky_relu", 0.1), x(1)), [0.0]),
    (node(ops.Activation("relu6"), x(1)), [6.0]),
    (node(ops.Maxout(2), x(2)), [1.0, 1.0]),
]


@pytest.mark.parametrize(("made", "numbers"), KINKED, ids=lambda each: str(getattr(each, "operation", "")))
def test_at_a_kink_there_is_no_slope(made, numbers):
    assert probed(made, numbers) is None


def test_near_a_kink_a_shorter_step_is_taken():
    near = (STEPS[1] + STEPS[2]) / 2
    found, far = probed(node(ops.Activation("relu"), x(1)), [near]), probed(node(ops.Activation("relu"), x(1)), [1.0])
    assert found is not None
    assert far is not None
    assert found.slope == pytest.approx(1, rel=1e-6)


def test_a_maximum_that_changes_its_place_is_a_kink():
    pool = node(ops.MaxPool(ops.Window((1, 2))), x(1, 1, 2))
    pool = Node(pool.operation, pool.inputs, (*pool.outputs, Value("index", (1, 1, 1), dtype="int32")), "pool")
    probe = Probe((pool,), {"y": ONE}, chained=False)
    for numbers, exists in (([1.0, 1.0], False), ([1.0, 2.0], True)):
        values = {"x": np.array(numbers).reshape(1, 1, 1, 2)}
        assert len(list(differences(probe, values, "x", 0, Context()))) == (len(STEPS) if exists else 0)


def test_a_chain_reads_what_it_made_and_links_read_what_was_there():
    """y = tanh(x), z = x + y: alone, z moves with x only; in the chain, through y too."""
    first = Node(ops.Activation("tanh"), (x(1),), (Value("y", (1,)),), "a")
    second = Node(ops.Add(), (x(1), Value("y", (1,))), (Value("z", (1,)),), "b")
    values = {"x": np.array([[0.5]]), "y": np.tanh([[0.5]])}
    slopes = {}
    for chained in (True, False):
        found = differences(Probe((first, second), {"z": ONE}, chained), values, "x", 0, Context())
        slopes[chained] = next(each.slope for each in found)
    assert slopes[True] == pytest.approx(2 - np.tanh(0.5) ** 2, rel=1e-8)
    assert slopes[False] == pytest.approx(1, rel=1e-8)
    assert values["x"].tolist() == [[0.5]]
