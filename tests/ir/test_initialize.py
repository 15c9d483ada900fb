import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Graph, Initial, Parameter, State, Value
from netspec.ir.initialize import CHUNK_ELEMENTS, draw, initialize


def graph(*names: str) -> Graph:
    parameters = tuple(Parameter(Value(name, (30, 40), False), Initial("he", fan_in=40)) for name in names)
    states = (
        State(Value("mean", (3,), False), Initial("zeros")),
        State(Value("variance", (3,), False), Initial("ones")),
    )
    return Graph("net", (), parameters, states, (), (), ())


@pytest.mark.parametrize(
    ("initial", "deviation"),
    [
        (Initial("he", fan_in=50, fan_out=7), (2 / 50) ** 0.5),
        (Initial("normal", 0.01), 0.01),
        (Initial("xavier", fan_in=50, fan_out=10), (6 / 60) ** 0.5 / 3**0.5),
        (Initial("uniform", 0.05), 0.05 / 3**0.5),
    ],
)
def test_draws_have_their_mean_and_deviation(initial, deviation):
    drawn = draw(initial, (300, 331), "conv1.weight", 5)
    assert drawn.dtype == np.float32
    assert drawn.mean() == pytest.approx(0, abs=0.01 * deviation)
    assert drawn.std() == pytest.approx(deviation, rel=0.01)


def test_normal_draws_have_the_tails_of_a_normal_and_uniform_ones_their_ends():
    normal = draw(Initial("normal", 1.0), (200_000,), "w", 1)
    assert (np.abs(normal) > 2).mean() == pytest.approx(0.0455, abs=0.002)
    assert 4 < np.abs(normal).max() < 7
    uniform = draw(Initial("uniform", 0.5), (200_000,), "w", 1)
    assert 0.4999 < uniform.max() <= 0.5
    assert -0.5 <= uniform.min() < -0.4999


@pytest.mark.parametrize("shape", [(8, 3, 2, 2), (20, 3), (5, 5), (2, 3, 3, 1, 2, 2)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    matrix = draw(Initial("orthogonal"), shape, "w", 3).reshape(shape[0], -1).astype(np.float64)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    assert np.abs(small - np.eye(len(small))).max() < 1e-6


@given(st.integers(0, 2**64 - 1), st.sampled_from(["he", "xavier", "orthogonal"]))
def test_the_same_seed_and_name_give_the_same_bits_and_others_do_not(seed, kind):
    initial = Initial(kind, fan_in=4, fan_out=4)
    first = draw(initial, (4, 4), "a", seed)
    assert np.array_equal(first, draw(initial, (4, 4), "a", seed))
    assert not np.array_equal(first, draw(initial, (4, 4), "b", seed))
    assert not np.array_equal(first, draw(initial, (4, 4), "a", seed ^ 1))


def test_another_layer_changes_no_layers_start():
    alone, together = initialize(graph("conv2"), 1), initialize(graph("conv1", "conv2"), 1)
    assert np.array_equal(alone["conv2"], together["conv2"])
    assert not np.array_equal(together["conv1"], together["conv2"])


def test_states_are_drawn_too():
    drawn = initialize(graph(), 1)
    assert drawn["mean"].tolist() == [0, 0, 0]
    assert drawn["variance"].tolist() == [1, 1, 1]


def test_chunks_join_without_a_seam():
    long = draw(Initial("normal", 1.0), (CHUNK_ELEMENTS + 7,), "w", 1)
    short = draw(Initial("normal", 1.0), (CHUNK_ELEMENTS + 2,), "w", 1)
    assert np.array_equal(long[: CHUNK_ELEMENTS + 2], short)
    assert len(np.unique(long)) > 0.99 * len(long)
