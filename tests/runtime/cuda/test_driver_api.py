"""Errors of the driver API as DeviceErrors."""

from collections.abc import Callable
from typing import Any

import pytest

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cuda.gpu import GpuDriver
from tests.runtime.cuda.fake_cuda import NO_DEVICE, OUT_OF_MEMORY, FakeCuda, opened


def test_memory_that_is_too_small_has_a_code_of_its_own(cuda: FakeCuda, driver: GpuDriver) -> None:
    cuda.fail, cuda.status = len(cuda.calls) + 1, OUT_OF_MEMORY
    with pytest.raises(DeviceError, match="too little memory") as caught:
        driver.allocate(1 << 40)
    assert caught.value.code == "E588"


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
