"""GPUs of this machine as their driver describes them."""
# pyright: basic

from __future__ import annotations

from dataclasses import dataclass

from netspec.runtime.cuda.driver_api import DriverApi, open_api
from netspec.runtime.cuda.gpu import NAME_BYTES, target_of
from netspec.runtime.cuda.packages import check_compiler
from netspec.targets.cuda.processor import CudaTarget


@dataclass(frozen=True, slots=True)
class FoundGpu:
    """A GPU that programs can run on."""

    name: str
    memory_bytes: int
    target: CudaTarget


def newest_cuda(api: DriverApi) -> str:
    """The newest version of CUDA that the driver knows: `13.0`."""
    version = int(api.call("cuDriverGetVersion"))
    return f"{version // 1000}.{version % 1000 // 10}"


def found_gpus(api: DriverApi) -> tuple[FoundGpu, ...]:
    """All GPUs of a driver, in its order. Raises DeviceError (E598) where one is too old."""
    return tuple(_found(api, ordinal) for ordinal in range(int(api.call("cuDeviceGetCount"))))


def usable_gpu() -> FoundGpu:
    """The GPU that programs run on, the first. Raises DeviceError (E597 to E599) where something is missing that they
    need."""
    check_compiler()
    return first_gpu()


def first_gpu() -> FoundGpu:
    """As `usable_gpu`, whether or not there is a compiler for it."""
    return _found(open_api(), 0)


def _found(api: DriverApi, ordinal: int) -> FoundGpu:
    device = api.call("cuDeviceGet", ordinal)
    name = api.call("cuDeviceGetName", NAME_BYTES, device).split(b"\0")[0].decode()
    return FoundGpu(name, int(api.call("cuDeviceTotalMem", device)), target_of(api, device, name))
