"""GPUs of a machine, and a device chosen by them."""

import pytest

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cuda import found
from netspec.runtime.cuda.driver_api import DriverApi, initialized
from netspec.runtime.cuda.found import FoundGpu, found_gpus, usable_gpu
from netspec.runtime.device import DeviceChoice, automatic_kind, open_target
from netspec.targets.cuda.processor import SM_80, SM_90
from tests.runtime.cuda.fake_cuda import MEMORY_BYTES, FakeCuda

CUDA = DeviceChoice(kind="cuda")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """A machine with a GPU of 99 multiprocessors."""
    fake = FakeCuda(lambda call: None)
    fake.attributes[16] = 99

    def open_api() -> DriverApi:
        return initialized(fake)

    monkeypatch.setattr(found, "open_api", open_api)
    monkeypatch.setattr(found, "check_compiler", lambda: None)
    return fake


def missing() -> DriverApi:
    raise DeviceError("E598", "there is no driver of an NVIDIA GPU")


def test_a_gpu_is_described_by_its_driver(cuda: FakeCuda) -> None:
    (gpu,) = found_gpus(found.open_api())
    assert gpu == usable_gpu() == FoundGpu("Fake H200", MEMORY_BYTES, gpu.target)
    assert (gpu.target.name, gpu.target.multiprocessors) == ("sm_90", 99)


def test_programs_are_planned_for_the_gpu_that_is_there(cuda: FakeCuda) -> None:
    assert open_target(CUDA) == usable_gpu().target != SM_90
    assert open_target(CUDA, "sm_80") == SM_80


def test_programs_are_planned_for_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "open_api", missing)
    assert open_target(CUDA) == SM_90


def test_a_gpu_is_chosen_where_one_can_be_used(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch) -> None:
    assert automatic_kind() == ("cuda", "there is a Fake H200")
    cuda.attributes[75] = 7
    assert automatic_kind() == ("cpu", "the Fake H200 has compute capability 7.0, and netspec needs 8.0 (Ampere, 2020)")
    monkeypatch.setattr(found, "open_api", missing)
    assert automatic_kind() == ("cpu", "there is no driver of an NVIDIA GPU")
