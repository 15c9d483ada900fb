"""The CPU's rows of draws, and which of its programs augment."""

from netspec.compiler import evaluation_program, prediction_program, training_program
from netspec.kernels.cpu.incoming.augment_draws import CUT_LEFT
from netspec.targets.cpu.incoming import DRAW_ROWS
from netspec.targets.cpu.processor import AVX512
from tests.schedule.nets import experiment


def test_the_rows_that_are_named_have_room() -> None:
    assert CUT_LEFT < DRAW_ROWS


def test_only_training_augments() -> None:
    net = experiment("net t {\ninput 1x8x8\ndense 2\n}\naugment { shift 1; crop 8x8 pad=2 }")
    assert training_program(net, AVX512, 16).augmenting is not None
    assert evaluation_program(net, AVX512, 16).augmenting is None
    assert prediction_program(net, AVX512, 16).augmenting is None
