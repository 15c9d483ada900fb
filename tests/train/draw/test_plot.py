"""Where the points of a curve stand."""

from dataclasses import replace

import pytest

from netspec.train.draw.plot import COLOURS, Against, Curve, draw_curves, losses_within, measured
from netspec.train.run.metrics import Line
from tests.train.draw.test_curve import colours


def line(epoch: int, steps: int, losses: tuple[float, ...], validation: float | None = None) -> Line:
    scores = 1.0, 0.5, validation, validation
    return Line(epoch, steps * epoch, 0.1, *scores, 1.0, 1.0, images=100 * epoch, train_losses=losses)


def test_a_stretch_stands_at_the_images_that_its_weights_had_learnt_from() -> None:
    two = [line(1, 4, (4.0, 3.0, 2.0, 1.0)), line(2, 4, (0.4, 0.3, 0.2, 0.1))]
    points = list(losses_within(two))
    assert [x for x, _ in points] == [0, 25, 50, 75, 100, 125, 150, 175]
    assert [y for _, y in points] == [4.0, 3.0, 2.0, 1.0, 0.4, 0.3, 0.2, 0.1]
    assert list(losses_within([line(1, 1, (4.0,)), line(2, 1, (3.0,))])) == [(0, 4.0), (100, 3.0)]


def test_a_stretch_of_several_steps_stands_in_their_middle() -> None:
    (first, second, *_, last) = losses_within([line(1, 40, tuple(map(float, range(20))))])
    assert first[0] == pytest.approx(1.25)
    assert second[0] == pytest.approx(6.25)
    assert last[0] == pytest.approx(96.25)


def test_what_was_not_measured_has_no_point() -> None:
    lines = [line(1, 1, ()), line(2, 1, (), 0.5)]
    assert measured(lines, lambda one: one.epoch, lambda one: one.validation_loss) == [(2, 0.5)]


def test_more_runs_than_colours_are_no_error() -> None:
    curves = [Curve(str(k), (line(1, 2, (2.0, 1.0 / k)), line(2, 2, (0.5 / k, 0.25 / k)))) for k in range(1, 10)]
    seen = colours(draw_curves(curves, "images"))
    assert all(tuple(bytes.fromhex(colour[1:])) in seen for colour in COLOURS)


@pytest.mark.parametrize("against", ["epochs", "images"])
def test_a_loss_of_nothing_is_no_error(against: Against) -> None:
    still = line(1, 2, (0.0, 0.0), 0.0)
    assert draw_curves([Curve("still", (replace(still, train_loss=0.0),))], against)
