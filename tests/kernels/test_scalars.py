"""What changes from step to step is put where the step reads it, rounded as NumPy rounds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Initial, Node, State, Update, Value
from netspec.runtime.feed import Pass, Source
from netspec.runtime.machine import Machine
from tests.kernels.backends import Backend
from tests.kernels.harness import batched, filled_machine, plain

NUMBERS = ("first", "second")
FEED = Pass(Source(np.zeros((60, 3, 1, 1), np.uint8), None, np.zeros(3), np.ones(3)), np.arange(60))


def two_numbers() -> Graph:
    """Two weights, each moved against its gradient by a number of its own."""
    image, pixels, table = batched("x", 3), batched("y", 3), plain("table", 4)
    nodes, kept, updates = [Node(ops.Activation("relu"), (image,), (pixels,), "layer")], list[Value](), []
    for name in NUMBERS:
        weight, gradient, new = plain(f"{name}.w", 5), plain(f"{name}.g", 5), plain(f"{name}.new", 5)
        nodes.append(Node(ops.SgdUpdate(0.0, False, 0.0), (weight, gradient, plain(name)), (new,), "layer"))
        kept += [weight, gradient]
        updates.append(Update(weight, new))
    states = tuple(State(value, Initial("zeros")) for value in kept)
    inputs = (image, plain(NUMBERS[0]), table, plain(NUMBERS[1]))
    return Graph("test", inputs, (), states, tuple(nodes), (pixels,), (), tuple(updates))


@pytest.fixture(scope="module")
def machines(backend: Backend) -> list[Machine]:
    """On one, two and three threads, where there are any."""
    return [filled_machine(backend, two_numbers(), 16, threads=threads) for threads in (1, 2, 3)]


def test_every_input_of_one_number_is_a_column(machines: list[Machine]) -> None:
    assert tuple(value.name for value in machines[0].program.scalars) == NUMBERS


@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=4))
def test_numbers_are_rounded_as_numpy_does(machines: list[Machine], rows: list[tuple[float, float]]) -> None:
    with np.errstate(over="ignore"):
        wanted = np.array(rows[-1]).astype(np.float32)
    for machine in machines:
        machine.run(FEED, first=0, step_number=0, rates=np.array(rows))
        np.testing.assert_array_equal([machine.read(name) for name in NUMBERS], wanted)


def test_each_step_reads_its_own(machines: list[Machine]) -> None:
    rows = 2.0 ** np.array([[0, -1], [3, 4], [-5, 2], [7, -6]])
    for machine in machines:
        for name in NUMBERS:
            machine.write(f"{name}.w", np.zeros(5, np.float32))
            machine.write(f"{name}.g", np.arange(5, dtype=np.float32))
        machine.run(FEED, first=0, step_number=0, rates=rows)
        for name, total in zip(NUMBERS, rows.sum(axis=0), strict=True):
            np.testing.assert_array_equal(machine.read(f"{name}.w"), -total * np.arange(5))


def test_numbers_that_do_not_lie_side_by_side_are_read_all_the_same(machines: list[Machine]) -> None:
    rows: Any = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])[::-1]
    machines[0].run(FEED, first=0, step_number=0, rates=rows)
    assert [float(machines[0].read(name)) for name in NUMBERS] == [1.0, 2.0]
