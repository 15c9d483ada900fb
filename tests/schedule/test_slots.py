"""Which values share a place, as far as a backend's kernels allow."""

import pytest

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Value
from netspec.schedule.slots import OWN_BYTES, Overwrites, assign_slots

VALUES = tuple(Value(name, (3,)) for name in "xaby")
X, A, B, Y = VALUES
NODES = (
    Node(ops.Activation("relu"), (X,), (A,), "relu"),
    Node(ops.Activation("tanh"), (A,), (B,), "tanh"),
    Node(ops.Add(), (A, B), (Y,), "sum"),
)
GRAPH = Graph("t", inputs=(X,), parameters=(), states=(), nodes=NODES, outputs=(Y,), updates=(), layers=())
LARGE = {value.name: 2 * OWN_BYTES for value in VALUES}


def places(overwrites: Overwrites, sizes: dict[str, int] | None = None) -> list[list[str]]:
    """Names of the values that share a place, for each that several share."""
    slots = assign_slots(GRAPH, NODES, sizes or LARGE, (0, 0, 0), overwrites=overwrites)
    return [slot.names for slot in slots.all if len(slot.names) > 1]


def test_nothing_is_overwritten_that_kernels_do_not_promise_to_read_before() -> None:
    assert places({}) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_first_input_that_dies_is_overwritten_in_the_order_of_the_promise(order: tuple[int, ...]) -> None:
    assert places({ops.Add: {0: order}}) == [["ab"[order[0]], "y"]]


def test_what_is_read_again_is_not_overwritten() -> None:
    assert places({ops.Activation: {0: (0,)}}) == []


def test_a_value_of_another_size_is_not_overwritten() -> None:
    assert places({ops.Add: {0: (0,)}}, LARGE | {"y": OWN_BYTES}) == []
