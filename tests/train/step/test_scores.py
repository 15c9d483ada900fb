"""Sums over images do not depend on how many steps come in one call."""

import numpy as np
import pytest

from netspec.train.step.scores import RunningSums, Scores

METRICS = np.stack([np.random.default_rng(1).lognormal(size=50), np.arange(50.0)], axis=1)


@pytest.mark.parametrize("steps", [1, 7, 49])
def test_the_same_bits_however_the_steps_are_grouped(steps: int) -> None:
    whole, pieces = RunningSums().plus(200, METRICS), RunningSums()
    for first in range(0, 50, steps):
        piece = METRICS[first : first + steps]
        pieces = pieces.plus(4 * len(piece), piece)
    assert pieces == whole


def test_scores_are_means_over_the_images() -> None:
    assert RunningSums().plus(4, np.array([[6.0, 2.0], [2.0, 1.0]])).scores == Scores(4, 2.0, 0.75)
