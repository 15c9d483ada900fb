"""A feed that does not fit its program never reaches native code."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import CompilerBug
from netspec.runtime.feed import Pass, Source, check_steps, prepared_pass, prepared_source
from netspec.targets.cpu.processor import AVX512
from netspec.targets.cpu.program import Program
from tests.schedule.nets import experiment

IMAGES = np.zeros((40, 2, 6, 5), np.uint8)
SOURCE = Source(IMAGES, np.zeros(40, np.int64), np.zeros(2), np.ones(2))
GOOD = Pass(SOURCE, np.arange(40))


@pytest.fixture(scope="module")
def program() -> Program:
    return training_program(experiment("net t {\ninput 2x6x5\ndense 3\n}\ntrain { batch 16 }"), AVX512)


def prepared(feed: Pass, program: Program) -> Pass:
    return prepared_pass(feed, prepared_source(feed.source, program), program)


def test_arrays_come_out_as_native_code_reads_them(program: Program) -> None:
    source = replace(SOURCE, images=IMAGES.astype(np.float64)[:, :, ::-1])
    ready = prepared(Pass(source, np.arange(40, dtype=np.int32)[::-1], np.arange(40, dtype=np.int16)), program)
    assert ready.source.labels is not None
    assert ready.slots is not None
    assert (ready.source.images.dtype, ready.source.labels.dtype) == (np.float32, np.int32)
    assert (ready.order.dtype, ready.slots.dtype) == (np.int64, np.int64)
    assert ready.source.images.flags.c_contiguous
    assert ready.order.flags.c_contiguous


def test_arrays_that_native_code_can_read_are_used_as_they_are(program: Program) -> None:
    labels, order = np.zeros(40, np.int32), np.arange(40)
    ready = prepared(Pass(replace(SOURCE, labels=labels), order), program)
    assert ready.source.images is IMAGES
    assert ready.source.labels is labels
    assert ready.order is order


@pytest.mark.parametrize(
    "change",
    [
        {"labels": None},
        {"labels": np.zeros(39)},
        {"images": IMAGES[:, :1]},
        {"images": IMAGES[:, :, :5]},
        {"images": IMAGES[0]},
        {"images": np.zeros((40, 2, 7, 5))},
        {"mean": np.zeros(1)},
        {"scale": np.zeros(3)},
        {"volatile": True, "images": IMAGES.astype(np.float64)},
        {"volatile": True, "images": IMAGES[:, :, ::-1]},
    ],
)
def test_a_source_that_does_not_fit_is_refused(program: Program, change: dict[str, Any]) -> None:
    with pytest.raises(CompilerBug, match="feed does not fit"):
        prepared(replace(GOOD, source=replace(SOURCE, **change)), program)


@pytest.mark.parametrize(
    "change",
    [
        {"order": np.array([0, 40])},
        {"order": np.array([-1])},
        {"order": np.array([40]), "slots": np.array([0])},
        {"slots": np.arange(39)},
        {"slots": np.full(40, 40)},
        {"slots": np.full(40, -1)},
        {"crop": "random", "source": replace(SOURCE, images=IMAGES[:, :, :, :4])},
        {"crop": "random", "pad": -1},
        {"pad": 1},
    ],
)
def test_a_pass_that_does_not_fit_is_refused(program: Program, change: dict[str, Any]) -> None:
    with pytest.raises(CompilerBug, match="feed does not fit"):
        prepared(replace(GOOD, **change), program)


def test_a_ring_holds_fewer_images_than_have_labels(program: Program) -> None:
    source = replace(SOURCE, images=IMAGES[:7], volatile=True)
    assert prepared(Pass(source, np.arange(40), np.arange(40) % 7), program).source.images is source.images


def test_more_minibatches_than_there_are_images_are_refused(program: Program) -> None:
    check_steps(GOOD, program, 0, 3)
    check_steps(GOOD, program, 32, 1)
    for first, steps in ((0, 4), (32, 2), (-16, 1)):
        with pytest.raises(CompilerBug, match=f"{steps} steps from image {first}"):
            check_steps(GOOD, program, first, steps)
