"""A feed that does not fit its program never reaches native code."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Program
from netspec.ir.target import AVX512
from netspec.runtime.feed import Crop, Feed, prepared
from tests.schedule.nets import experiment

IMAGES = np.zeros((40, 2, 6, 5), np.uint8)
GOOD = Feed(IMAGES, np.zeros(40, np.int64), np.arange(40), np.zeros(2), np.ones(2))


@pytest.fixture(scope="module")
def program() -> Program:
    return training_program(experiment("net t {\ninput 2x6x5\ndense 3\n}\ntrain { batch 16 }"), AVX512)


def test_arrays_come_out_as_native_code_reads_them(program: Program) -> None:
    ready = prepared(replace(GOOD, images=IMAGES.astype(np.float64)[:, :, ::-1]), program, 32, 1)
    assert ready.labels is not None
    assert (ready.images.dtype, ready.labels.dtype, ready.order.dtype) == (np.float32, np.int32, np.int64)
    assert ready.images.flags.c_contiguous


@pytest.mark.parametrize(
    "change",
    [
        {"labels": None},
        {"labels": np.zeros(39)},
        {"order": np.array([0, 40])},
        {"order": np.array([-1])},
        {"images": IMAGES[:, :1]},
        {"images": IMAGES[:, :, :5]},
        {"images": IMAGES[0]},
        {"images": np.zeros((40, 2, 7, 5))},
        {"mean": np.zeros(1)},
        {"crop": Crop(True, 0), "images": IMAGES[:, :, :, :4]},
        {"crop": Crop(True, -1)},
    ],
)
def test_what_does_not_fit_is_refused(program: Program, change: dict[str, Any]) -> None:
    with pytest.raises(CompilerBug, match="feed does not fit"):
        prepared(replace(GOOD, **change), program, 0, 1)


def test_more_minibatches_than_there_are_images_are_refused(program: Program) -> None:
    prepared(GOOD, program, 0, 3)
    with pytest.raises(CompilerBug, match="4 steps from image 0"):
        prepared(GOOD, program, 0, 4)
