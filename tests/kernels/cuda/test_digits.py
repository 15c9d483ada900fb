"""`digits` trained by the CUDA kernels, executed on this processor, beside its training on the CPU."""

from dataclasses import replace
from statistics import fmean

import pytest

from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.device import Device, open_device
from netspec.targets.cuda.processor import SM_90
from netspec.train.events import Finished
from netspec.train.loop import train
from netspec.train.run.begin import DataPlaces, load_data
from tests.kernels.cuda.native import NativeDriver
from tests.schedule.nets import bundled

SEEDS = (1, 2, 3)
HELD_OUT = 359
"""images of the validation part"""
MOST_IMAGES = 2
"""by which the means may differ"""


def accuracy(device: Device, seed: int) -> float:
    """Of the validation part, by the weights that are kept."""
    net = bundled("digits")
    net = replace(net, train=replace(net.train, seed=seed))
    *_, end = train(net, load_data(net, DataPlaces()), device=device)
    assert isinstance(end, Finished)
    assert end.validation is not None
    assert end.validation.accuracy is not None
    return end.validation.accuracy


@pytest.mark.slow
def test_digits_are_learned_as_well_as_on_the_cpu() -> None:
    gpu = CudaDevice(SM_90, NativeDriver(), constant=True)
    on_cpu, on_gpu = (fmean(accuracy(device, seed) for seed in SEEDS) for device in (open_device(), gpu))
    assert abs(on_cpu - on_gpu) * HELD_OUT <= MOST_IMAGES
    assert on_gpu > 0.95
