"""The losses within an epoch are means over stretches that divide it, whatever the calls were."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.train.step.loss_curve import STRETCHES, LossCurve, stretch_bounds


@given(st.integers(1, 500))
def test_stretches_divide_the_epoch_evenly(steps: int) -> None:
    bounds = stretch_bounds(steps)
    assert (bounds[0][0], bounds[-1][1], len(bounds)) == (0, steps, min(steps, STRETCHES))
    assert all(one[1] == other[0] for one, other in pairwise(bounds))
    lengths = {end - begin for begin, end in bounds}
    assert max(lengths) - min(lengths) <= 1


@given(st.integers(1, 90), st.integers(1, 30), st.data())
def test_every_step_counts_in_its_own_stretch_however_steps_are_grouped(steps: int, call: int, data) -> None:
    losses = data.draw(st.lists(st.floats(0, 1e6), min_size=steps, max_size=steps))
    curve = LossCurve()
    for first in range(0, steps, call):
        curve = curve.plus(losses[first : first + call], first, steps)
    assert curve == LossCurve().plus(losses, 0, steps)
    assert curve.sums == pytest.approx([sum(losses[begin:end]) for begin, end in stretch_bounds(steps)])


def test_a_short_last_minibatch_weighs_as_many_images_as_it_has() -> None:
    curve = LossCurve().plus([8.0, 4.0, 1.0], 0, 3)
    assert curve.means(images=9, batch=4) == (2.0, 1.0, 1.0)


def test_gradient_descent_on_the_whole_set_is_one_stretch() -> None:
    assert LossCurve().plus([30.0], 0, 1).means(images=10, batch=10) == (3.0,)
