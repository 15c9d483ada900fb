import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Graph, Initial, Parameter, State, Value
from netspec.ir.initialize import BLOCK_NUMBERS, CHUNK_BLOCKS, draw, initialize


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
    whole = CHUNK_BLOCKS * BLOCK_NUMBERS
    long = draw(Initial("normal", 1.0), (whole + 7,), "w", 1)
    short = draw(Initial("normal", 1.0), (whole + 2,), "w", 1)
    assert np.array_equal(long[: whole + 2], short)
    assert len(np.unique(long)) > 0.99 * len(long)


def share_below(numbers: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.sort(numbers), bounds) / numbers.size


def test_normal_draws_follow_the_normal_distribution_function():
    drawn, bounds = draw(Initial("normal", 2.0), (400_000,), "w", 3), np.linspace(-3.5, 3.5, 71)
    wanted = np.array([0.5 * (1 + math.erf(bound / math.sqrt(2))) for bound in bounds])
    assert np.abs(share_below(drawn / 2, bounds) - wanted).max() < 1.63 / 400_000**0.5  # Kolmogorov, 1 in 100


def test_uniform_draws_follow_the_uniform_distribution_function():
    drawn, bounds = draw(Initial("uniform", 3.0), (400_000,), "w", 3), np.linspace(-1, 1, 71)
    assert np.abs(share_below(drawn / 3, bounds) - (bounds + 1) / 2).max() < 1.63 / 400_000**0.5


@pytest.mark.parametrize("distance", [1, 15, 16, 32, 48, 64, 1000])
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_draws_tell_nothing_of_each_other(kind, distance):
    """Of numbers so far apart in one array neither signs, nor sizes, nor squares go together."""
    drawn = draw(Initial(kind, 1.0), (300_000,), "w", 11)
    for of in (np.sign, np.abs, np.square):
        one, other = of(drawn[:-distance]), of(drawn[distance:])
        assert abs(np.corrcoef(one, other)[0, 1]) < 4.5 / len(one) ** 0.5


@pytest.mark.parametrize(("name", "seed"), [("b", 1), ("a", 2), ("a", 1 + 2**32), ("b", 2)])
def test_other_tensors_and_other_seeds_are_independent(name, seed):
    first, second = (draw(Initial("normal", 1.0), (300_000,), *of) for of in (("a", 1), (name, seed)))
    for of in (np.asarray, np.abs):
        assert abs(np.corrcoef(of(first), of(second))[0, 1]) < 4.5 / len(first) ** 0.5
