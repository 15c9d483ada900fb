"""Errors of the driver API as DeviceErrors."""

from collections.abc import Callable
from typing import Any

import pytest

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.runtime.cuda.gpu import GpuDriver
from tests.runtime.cuda.fake_cuda import NAMES, NO_DEVICE, OUT_OF_MEMORY, FakeCuda, opened


def test_memory_that_is_too_small_has_a_code_of_its_own(cuda: FakeCuda, driver: GpuDriver) -> None:
    cuda.fail, cuda.status = len(cuda.calls) + 1, OUT_OF_MEMORY
    with pytest.raises(DeviceError, match="too little memory") as caught:
        driver.allocate(1 << 40)
    assert caught.value.code == "E588"


@pytest.mark.parametrize("status", [1, 209, 700, 701, 716])
def test_a_driver_that_is_used_wrongly_and_a_wrong_kernel_are_mistakes_of_netspec(
    cuda: FakeCuda, driver: GpuDriver, status: int
) -> None:
    cuda.fail, cuda.status = len(cuda.calls) + 1, status
    with pytest.raises(CompilerBug, match=f"cuMemAlloc.*{NAMES[status].decode()}"):
        driver.allocate(1 << 10)


@pytest.mark.parametrize("status", [214, 719, 999])
def test_a_gpu_that_fails_is_lost(cuda: FakeCuda, driver: GpuDriver, status: int) -> None:
    cuda.fail, cuda.status = len(cuda.calls) + 1, status
    with pytest.raises(DeviceError, match=NAMES[status].decode()) as caught:
        driver.allocate(1 << 10)
    assert caught.value.code == "E589"


def no_driver() -> tuple[int, int]:
    raise RuntimeError("libcuda.so.1 is not there")


@pytest.mark.parametrize(
    ("code", "message", "change"),
    [
        ("E598", "there is no driver", lambda cuda: setattr(cuda, "cuDriverGetVersion", no_driver)),
        ("E599", "takes CUDA 12.4", lambda cuda: setattr(cuda, "version", 12040)),
        ("E598", "there is no NVIDIA GPU", lambda cuda: (setattr(cuda, "fail", 1), setattr(cuda, "status", NO_DEVICE))),
        ("E599", "SYSTEM_DRIVER_MISMATCH", lambda cuda: (setattr(cuda, "fail", 1), setattr(cuda, "status", 803))),
        ("E598", "CUDA_ERROR_UNKNOWN", lambda cuda: (setattr(cuda, "fail", 1), setattr(cuda, "status", 999))),
        ("E598", "error 77", lambda cuda: (setattr(cuda, "fail", 1), setattr(cuda, "status", 77))),
        ("E598", "compute capability 7.5", lambda cuda: cuda.attributes.update({75: 7, 76: 5})),
    ],
)
def test_what_is_missing_is_named(cuda: FakeCuda, code: str, message: str, change: Callable[[FakeCuda], Any]) -> None:
    change(cuda)
    with pytest.raises(DeviceError, match=message) as caught:
        opened(cuda)
    assert caught.value.code == code
    assert caught.value.exit_status == 3
    assert not cuda.live
