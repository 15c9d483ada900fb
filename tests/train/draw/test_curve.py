"""The learning curve is a picture that can be looked at, whatever was measured."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from netspec.train.draw.curve import draw_curve
from netspec.train.run.metrics import Line
from netspec.train.step.scores import Scores


def line(epoch: int, loss: float | None, rate: float = 0.1) -> Line:
    accuracy = None if loss is None else 0.75
    return Line(epoch, 10 * epoch, rate, 1 / epoch, 1 - 0.5 / epoch, loss, accuracy, 1.0, 100.0)


def colours(content: bytes) -> set[tuple[int, ...]]:
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}


BLUE, RED, GREEN, PURPLE = (0x44, 0x77, 0xAA), (0xEE, 0x66, 0x77), (0x22, 0x88, 0x33), (0xAA, 0x33, 0x77)


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("tested", [True, False])
def test_every_part_that_was_measured_has_its_line(validated: bool, tested: bool) -> None:
    scores = Scores(10, 0.5, 0.75)
    lines = [line(epoch, 0.5 if validated else None, rate=10.0**-epoch) for epoch in (1, 2, 3)]
    seen = colours(draw_curve("run", lines, scores if tested else None))
    assert {BLUE, PURPLE} <= seen
    assert (RED in seen) == validated
    assert (GREEN in seen) == tested


def test_one_epoch_is_a_point_and_what_was_not_measured_no_error() -> None:
    assert BLUE in colours(draw_curve("run", [line(1, None)], None))
    assert PURPLE in colours(draw_curve("run", [replace(line(1, None), train_loss=None, train_accuracy=None)], None))
