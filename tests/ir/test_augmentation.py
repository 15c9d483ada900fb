"""The lines of an `augment` block as numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.check.vocabulary.tables import AUGMENT
from netspec.ir.augmentation import STREAMS, Augmentation, augmentation, smoothing_weights
from netspec.ir.recipe import Transform
from tests.schedule.nets import experiment

NET = "net t {{\ninput 1x8x8\ndense 2\n}}\naugment {{ {} }}"
EVERY_LINE = """shift 2; rotate 10; scale 0.9..1.1; mirror; mirror vertical; crop 8x8 pad=1
distort alpha=34 sigma=5; brightness 0.2; contrast 0.3; noise 0.02; cutout 3"""


def read(lines: str) -> Augmentation | None:
    return augmentation(experiment(NET.format(lines)).augment)


def test_every_line_of_the_block_is_read() -> None:
    wanted = Augmentation(2.0, 10 / 360, (0.9, 1.1), True, True, 34.0, 5.0, 0.2, 0.3, 0.02, 3)
    assert read(EVERY_LINE) == wanted


def test_every_transform_of_the_language_has_a_stream_of_its_own() -> None:
    assert STREAMS.keys() == AUGMENT.keys()
    assert len(set(STREAMS.values())) == len(STREAMS)
    assert STREAMS["crop"].to_bytes(4, "big") == b"CROP"


@pytest.mark.parametrize(
    "lines",
    ["", "crop 8x8", "shift 0; rotate 0; scale 1..1; distort alpha=0; brightness 0; contrast 0; noise 0; cutout 0"],
)
def test_a_crop_and_strengths_of_zero_leave_nothing_to_do(lines: str) -> None:
    assert augmentation((Transform("crop", {"height": 8, "width": 8, "pad": 0}),)) is None
    assert read(lines) is None


@pytest.mark.parametrize("line", ["shift 1", "rotate 1", "scale 0.9..1", "mirror", "mirror vertical", "distort"])
def test_what_moves_pixels_is_known(line: str) -> None:
    found = read(line)
    assert found is not None
    assert (found.warps, found.tones) == (True, False)


@pytest.mark.parametrize("line", ["brightness 0.1", "contrast 0.1", "noise 0.1", "cutout 2"])
def test_what_changes_pixels_where_they_are_is_known(line: str) -> None:
    found = read(line)
    assert found is not None
    assert (found.warps, found.tones) == (False, True)


@given(st.floats(0.01, 20.0), st.integers(1, 200))
def test_the_gaussian_sums_to_one_before_an_image_cuts_it_off(smoothness: float, size: int) -> None:
    whole = smoothing_weights(smoothness, 1000)
    assert math.isclose(whole[0] + 2 * sum(whole[1:]), 1.0)
    assert smoothing_weights(smoothness, size) == whole[:size]


@pytest.mark.parametrize("smoothness", [5e-324, 1e-308, 1e-155])
def test_a_gaussian_narrower_than_a_pixel_is_one_pixel(smoothness: float) -> None:
    assert smoothing_weights(smoothness, 3)[0] == 1
    assert not any(smoothing_weights(smoothness, 3)[1:])


@pytest.mark.parametrize("smoothness", [349525.0, 349526.0, 1e6, 1e30, 3.4e38])
def test_a_gaussian_far_wider_than_an_image_is_flat_and_keeps_its_area(smoothness: float) -> None:
    weights = smoothing_weights(smoothness, 4)
    assert math.isclose(weights[0] * smoothness * math.sqrt(2 * math.pi) * math.erf(3 / math.sqrt(2)), 1, rel_tol=1e-6)
    assert all(math.isclose(weight, weights[0], rel_tol=1e-9) for weight in weights)
