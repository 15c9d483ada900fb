import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.order import Purpose, bell, permutation, uniform, words


def test_the_words_are_the_same_on_every_platform():
    assert [int(word) for word in words(1, Purpose.TAKE, 3)] == [
        1386294051110952485,
        18147817048375502686,
        17476695238439987009,
    ]
    assert permutation(1, Purpose.VALIDATE, 8, stream=3).tolist() == [2, 5, 6, 1, 7, 3, 0, 4]


@given(st.integers(0, 2**63 - 1), st.integers(0, 500))
def test_a_permutation_holds_every_number_once(seed: int, count: int):
    assert sorted(permutation(seed, Purpose.TAKE, count)) == list(range(count))


@given(st.integers(0, 2**63 - 1))
def test_seeds_purposes_and_streams_give_other_words(seed: int):
    first = words(seed, Purpose.TAKE, 4)
    others = (
        words(seed + 1, Purpose.TAKE, 4),
        words(seed, Purpose.VALIDATE, 4),
        words(seed, Purpose.TAKE, 4, stream=1),
    )
    assert all((first != other).all() for other in others)


def test_a_longer_stream_begins_like_a_shorter_one():
    assert (words(7, Purpose.PIXELS, 100)[:10] == words(7, Purpose.PIXELS, 10)).all()


def test_uniform_numbers_lie_in_the_unit_interval_and_fill_it():
    numbers = uniform(3, Purpose.POINTS, 10_000)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.02


def test_bell_numbers_have_mean_zero_and_deviation_one():
    numbers = bell(3, Purpose.POINTS, 20_000)
    assert abs(numbers.mean()) < 0.02
    assert abs(numbers.std() - 1) < 0.02
    assert np.abs(numbers).max() <= 2 * 3**0.5
