"""A GPU as a device."""

import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.runtime.cuda import device as device_module
from netspec.runtime.cuda.device import CudaDevice, cuda_device
from netspec.runtime.cuda.gpu import GpuDriver
from netspec.runtime.device import DeviceChoice, open_device
from netspec.schedule.cuda.fitting import largest_batch, with_batch
from netspec.targets.cpu.processor import AVX2
from netspec.targets.cuda.processor import SM_90
from tests.runtime.cuda.fake_cuda import FakeCuda
from tests.schedule.nets import experiment

NET = experiment("net t { input 1x6x6; conv 3 3x3 relu; dense 2 }\ntrain { sgd rate=0.1 }\n")


def test_the_gpu_is_opened_with_the_target_of_its_driver(driver: GpuDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "open_gpu", lambda: driver)
    device = open_device(DeviceChoice(kind="cuda"))
    assert device == cuda_device() == CudaDevice(driver.target, driver)
    assert device.description == "sm_90, Fake H200"
    versions = {"numba-cuda": "0.30.4", "nvidia-nvvm": "13.0.88", "nvidia-nvjitlink": None}
    monkeypatch.setattr(device_module, "compiler_versions", lambda: {"numba": "0.68.1", **versions})
    assert device.facts() == {
        "name": "sm_90",
        "multiprocessors": 132,
        "shared_bytes": 232448,
        "registers": 65536,
        "gpu": "Fake H200",
        **versions,
    }


def test_a_machine_is_compiled_when_it_is_made(driver: GpuDriver, cuda: FakeCuda) -> None:
    machine = CudaDevice(SM_90, driver).machine(training_program(NET, SM_90, 4))
    cuda.calls.clear()
    machine.compile()
    assert cuda.calls == []


def test_a_program_that_is_too_large_names_its_memory_and_the_largest_batch(driver: GpuDriver, cuda: FakeCuda) -> None:
    program, device = training_program(NET, SM_90, 64), CudaDevice(SM_90, driver)
    free_bytes = cuda.memory_bytes = with_batch(program, 17).arena_bytes
    with pytest.raises(DeviceError, match=r"a batch of 64 needs 0\.00 GB of the GPU's memory") as caught:
        device.machine(program)
    assert caught.value.code == "E588"
    assert caught.value.helps == (f"the largest batch that fits is {largest_batch(program, free_bytes)}",)
    assert not cuda.memory


def test_where_not_even_one_image_fits_no_batch_is_named(driver: GpuDriver, cuda: FakeCuda) -> None:
    program = training_program(NET, SM_90, 64)
    cuda.memory_bytes = 256
    with pytest.raises(DeviceError) as caught:
        CudaDevice(SM_90, driver).machine(program)
    assert caught.value.helps == ("not even a batch of one image fits",)


def test_a_program_for_another_kind_of_processor_is_refused(driver: GpuDriver) -> None:
    with pytest.raises(CompilerBug, match="cannot run on sm_90"):
        CudaDevice(SM_90, driver).machine(training_program(NET, AVX2, 4))
