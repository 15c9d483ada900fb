"""Augmentation on a GPU in any order of threads, each access watched, and its memory."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.compiler import evaluation_program, lower, training_program
from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Initial
from netspec.passes.inference import inference
from netspec.runtime.cuda.machine import CudaMachine
from netspec.targets.cuda.draws import CUT_LEFT, DRAW_ROWS
from netspec.targets.cuda.processor import SM_90
from netspec.targets.cuda.program import Program
from tests.ir.augmenting import ALL, pictures
from tests.kernels.cuda.native import NativeDriver
from tests.kernels.test_augment import feed_of
from tests.kernels.test_initial import kept
from tests.schedule.nets import experiment

SHAPE = (3, 9, 8)


def planned(what: Augmentation, batch: int = 7) -> Program:
    net = experiment("net t {\ninput 3x9x8\nflatten\n}")
    program = lower(inference(net.graph, None), SM_90, batch, what)
    assert isinstance(program, Program)
    return program


def loaded(driver: NativeDriver, images: int, *, constant: bool = False) -> Any:
    """Augmented images of two minibatches, the second of them smaller."""
    machine = CudaMachine(planned(ALL), driver, constant=constant)
    found = machine.outputs(feed_of(pictures(images, (3, 11, 12)), np.arange(images), 1)).arrays
    machine.close()
    return found


def test_sizes_as_constants_give_the_same_numbers() -> None:
    np.testing.assert_allclose(loaded(NativeDriver(), 10, constant=True), loaded(NativeDriver(), 10), atol=1e-4)


def test_no_access_races_and_every_order_of_threads_gives_the_same_bits() -> None:
    np.testing.assert_array_equal(loaded(NativeDriver(thorough=True), 10), loaded(NativeDriver(), 10))


def test_initial_values_leave_a_pass_its_seed() -> None:
    graph = kept([(Initial("normal", 1.0), 20)])
    net = experiment("net t {\ninput 3x9x8\nflatten\n}")
    program = lower(replace(inference(net.graph, None), parameters=graph.parameters), SM_90, 7, ALL)
    assert isinstance(program, Program)
    machine, feed = (
        CudaMachine(program, NativeDriver(), constant=False),
        feed_of(pictures(10, SHAPE), np.arange(10), None),
    )
    first = machine.outputs(feed).arrays
    machine.initialize(graph.parameters, 77)
    np.testing.assert_array_equal(machine.outputs(feed).arrays, first)


def test_the_rows_that_are_named_are_those_of_an_image() -> None:
    assert CUT_LEFT == DRAW_ROWS - 1


def test_only_training_augments() -> None:
    net = experiment("net t {\ninput 1x8x8\ndense 2\n}\naugment { shift 1; crop 8x8 pad=2 }")
    for made, is_warped in ((training_program, True), (evaluation_program, False)):
        program = made(net, SM_90, 16)
        assert isinstance(program, Program)
        assert ("warp_images" in [call.kernel for call in program.incoming.calls]) == is_warped


@pytest.mark.parametrize(
    ("what", "names"),
    [
        (Augmentation(shift=1.0), ["draws"]),
        (Augmentation(contrast=0.5), ["draws", "means"]),
        (Augmentation(distort=2.0), ["draws", "moves", "rows"]),
    ],
    ids=["shift", "contrast", "distort"],
)
def test_memory_is_that_of_the_transforms_that_there_are(what: Augmentation, names: list[str]) -> None:
    found = [buffer.value.name.split(".")[-1] for buffer in planned(what).incoming.scratch]
    assert sorted(found) == names
