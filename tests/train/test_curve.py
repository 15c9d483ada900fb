"""The learning curve is a picture that can be looked at, whatever was measured."""

import io

import pytest
from PIL import Image

from netspec.train.curve import draw_curve
from netspec.train.events import EpochDone, Scores


def done(epoch: int, validation: Scores | None) -> EpochDone:
    return EpochDone(epoch, 9, 10 * epoch, 0.1, Scores(100, 1 / epoch, 1 - 0.5 / epoch), validation, 1.0, 100.0)


def colours(content: bytes) -> set[tuple[int, ...]]:
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}


BLUE, RED, GREEN = (0x44, 0x77, 0xAA), (0xEE, 0x66, 0x77), (0x22, 0x88, 0x33)


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("tested", [True, False])
def test_every_part_that_was_measured_has_its_line(validated: bool, tested: bool) -> None:
    scores = Scores(10, 0.5, 0.75)
    epochs = [done(epoch, scores if validated else None) for epoch in (1, 2, 3)]
    seen = colours(draw_curve("run", epochs, scores if tested else None))
    assert BLUE in seen
    assert (RED in seen) == validated
    assert (GREEN in seen) == tested


def test_one_epoch_is_a_point_and_a_loss_that_is_not_finite_no_error() -> None:
    seen = colours(draw_curve("run", [done(1, Scores(10, float("nan"), 0.5))], None))
    assert BLUE in seen
