"""Arrays that kernels of a GPU cannot count are refused, with the largest batch."""

import re

import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import DeviceError
from netspec.schedule.cuda.calls.building import BLOCK, per_number
from netspec.targets.cuda.processor import SM_90
from netspec.targets.cuda.program import MOST_NUMBERS
from tests.schedule.nets import bundled, experiment


def test_a_batch_whose_arrays_cannot_be_counted_is_refused_with_the_largest_that_can():
    lenet = bundled("lenet")
    with pytest.raises(DeviceError) as caught:
        training_program(lenet, SM_90, 1 << 20)
    found = caught.value
    assert (found.code, found.exit_status) == ("E586", 3)
    assert "`conv1` has 12,079,595,520 numbers at batch 1,048,576" in found.message
    assert "2,147,482,624" in found.notes[0]
    (batch,) = re.findall(r"train.batch=(\d+)", found.helps[0])
    assert int(batch) == MOST_NUMBERS // (20 * 24 * 24)
    assert training_program(lenet, SM_90, int(batch)).batch == int(batch)
    with pytest.raises(DeviceError, match="conv1"):
        training_program(lenet, SM_90, int(batch) + 1)


def test_where_no_batch_helps_that_is_said():
    net = experiment("net t { input 1x1024x1024; conv 2048 3x3 pad=1; dense 2 }")
    with pytest.raises(DeviceError) as caught:
        training_program(net, SM_90, 4)
    assert caught.value.helps == ("no batch is small enough: the images, or the layer, have to be smaller",)


def test_a_kernel_of_warps_may_have_more_threads_than_an_int32_counts():
    small = experiment("net t { input 1; dense 2 }\ntrain { sgd rate=0.1 }\n")
    program = training_program(small, SM_90, 1 << 27)
    (loss,) = (call for launch in program.launches for call in launch.calls if call.kernel == "loss")
    assert loss.blocks * loss.threads == 32 << 27
    assert loss.blocks < 2**31


def test_every_thread_of_the_largest_call_has_an_int32_number():
    call = per_number("activate", MOST_NUMBERS)
    assert call.blocks * call.threads + BLOCK < 2**31
