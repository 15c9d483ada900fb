"""The listing of a program, kept as a golden file."""

from netspec.ir import operations as ops
from netspec.ir.augmentation import Augmentation
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.show import describe, listing
from netspec.targets.cpu.processor import AVX512
from tests.conftest import Golden
from tests.schedule.nets import bundled, step_graph, step_of


def test_a_listing_has_a_line_a_launch(golden: Golden) -> None:
    program = lower(step_graph(bundled("lenet")), AVX512, 64)
    text = listing(program)
    assert len(text.splitlines()) == len(program.launches) + 3
    golden("lenet.txt", text)


def test_attributes_are_shown_where_they_are_not_the_default() -> None:
    window = ops.Window((3, 5), (2, 2), (1, 2), (0, 2), (1, 2))
    shown = describe(ops.Convolution(window, 4, ops.Activation("relu")))
    assert shown == "Convolution(3x5 stride=2x2 pad=1x2:0x2 dilate=1x2 groups=4 relu)"
    assert describe(ops.Dense()) == "Dense"
    assert describe(ops.Loss("hinge")) == "Loss(hinge)"


def test_the_listing_tells_how_images_are_augmented() -> None:
    text = "net t {\ninput 1x8x8\ndense 2\n}"
    lines = listing(lower(step_of(text), AVX512, 20, Augmentation(shift=2.0, mirror=True, distort=8.0))).splitlines()
    assert lines[1].startswith("images come in augmented: shift=2.0 mirror=True distort=8.0, by augment.draws:2x34x16@")
    assert "augment.displacements:2x8x17x16@" in lines[1]
    assert "augmented" not in listing(lower(step_of(text), AVX512, 20))
