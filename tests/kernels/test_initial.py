"""Initial values drawn by kernels, beside their definition."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Graph, Initial, Node, Parameter, State
from netspec.ir.initialize import initialize
from netspec.ir.operations import Reshape
from tests.kernels.backends import Backend
from tests.kernels.draws import TARGETS
from tests.kernels.harness import batched, filled_machine, plain

INITIALS = (
    Initial("he", fan_in=27),
    Initial("normal", 0.01),
    Initial("xavier", fan_in=30, fan_out=50),
    Initial("uniform", 0.5),
    Initial("orthogonal"),
    Initial("zeros"),
    Initial("ones"),
)
SIZES = st.sampled_from((1, 3, 15, 16, 17, 63, 64, 65, 200, 5000))
SEEDS = st.integers(0, 2**64 - 1)


def kept(initials: list[tuple[Initial, int]]) -> Graph:
    """A graph that keeps an array of each kind and size, and does next to nothing."""
    parameters = tuple(
        Parameter(plain(f"layer{k}.weight", size), initial) for k, (initial, size) in enumerate(initials)
    )
    x, y = batched("x", 4), batched("y", 4)
    state = State(plain("norm.variance", 5), Initial("ones"))
    return Graph("kept", (x,), parameters, (state,), (Node(Reshape(), (x,), (y,), "flatten"),), (y,), ())


def drawn(backend: Backend, graph: Graph, seed: int, target: int = 0, threads: int = 1) -> dict[str, Any]:
    machine = filled_machine(backend, graph, 4, target=target, threads=threads)
    machine.initialize((*graph.parameters, *graph.states), seed)
    return {name: machine.read(name) for name in initialize(graph, 0)}


@given(st.lists(st.tuples(st.sampled_from(INITIALS), SIZES), min_size=1, max_size=4), SEEDS, TARGETS)
def test_kernels_draw_what_the_definition_says(
    backend: Backend, initials: list[tuple[Initial, int]], seed: int, target: int
) -> None:
    graph = kept(initials)
    found = drawn(backend, graph, seed, target)
    for name, array in initialize(graph, seed).items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], array, rtol=2e-6, atol=2e-7 * np.abs(array).max(), err_msg=name)


def test_nothing_is_written_but_what_is_asked_for(backend: Backend) -> None:
    graph = kept([(Initial("he", fan_in=9), 100), (Initial("he", fan_in=9), 50), (Initial("xavier"), 65)])
    machine = filled_machine(backend, graph, 4)
    machine.initialize(graph.parameters[1:2], 1)
    assert np.isfinite(machine.read("layer1.weight")).all()
    for name in ("layer0.weight", "layer2.weight", "norm.variance"):
        assert np.isnan(machine.read(name)).all()


def test_many_draws_have_mean_deviation_and_tails(backend: Backend) -> None:
    graph = kept([(Initial("normal", 3.0), 1_000_001), (Initial("uniform", 3.0), 1_000_001)])
    normal, uniform, *_ = (array / 3 for array in drawn(backend, graph, 9).values())
    assert abs(normal.mean()) < 4.5e-3
    assert normal.std() == pytest.approx(1, abs=4e-3)
    assert (np.abs(normal) > 3).mean() == pytest.approx(0.0027, abs=3e-4)
    assert (normal**4).mean() == pytest.approx(3, abs=0.05)
    assert abs(uniform.mean()) < 2.7e-3
    assert uniform.std() == pytest.approx(3**-0.5, abs=2e-3)
    assert np.abs(uniform).max() < 1
