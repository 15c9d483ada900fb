"""Sums of more arrays than one call adds."""

import numpy as np
import pytest

from netspec.compiler import lower
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import Activation, Add
from netspec.schedule.cuda.calls.join import MOST_TERMS
from netspec.targets.cuda.processor import SM_90
from netspec.targets.cuda.program import Program
from tests.kernels.backends import Backend
from tests.kernels.harness import batched, filled_machine, random_arrays

MANY = 2 * MOST_TERMS + 1
SHAPE = (5, 40, 41)
"""large enough for memory to be shared"""


def sum_of_many(twice: int) -> Graph:
    """The sum of `MANY` values of which number 0 and number `twice` are the same, and the only ones made by a node."""
    image, made, y = (batched(name, *SHAPE) for name in ("x", "made", "y"))
    given = tuple(batched(f"x{k}", *SHAPE) for k in range(MANY))
    terms = tuple(made if k in (0, twice) else value for k, value in enumerate(given))
    nodes = (Node(Activation("tanh"), (image,), (made,), "first"), Node(Add(), terms, (y,), "second"))
    return Graph("test", (image, *given), (), (), nodes, (y,), (), ())


@pytest.mark.parametrize("twice", [0, MOST_TERMS, MANY - 1])
def test_a_sum_of_many_terms_may_overwrite_one_that_comes_twice(gpu: Backend, twice: int) -> None:
    graph = sum_of_many(twice)
    program = lower(graph, SM_90, 3)
    assert isinstance(program, Program)
    assert program.buffers["y"].offset_bytes == program.buffers["made"].offset_bytes
    arrays = random_arrays(graph, 3)
    machine = filled_machine(gpu, graph, 3)
    for name, array in arrays.items():
        machine.write(name, array)
    gpu.step(machine, 3)
    np.testing.assert_allclose(machine.read("y"), evaluate(graph, arrays)["y"], rtol=0, atol=1e-5)
