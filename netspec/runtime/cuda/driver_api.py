"""Functions of the driver API of CUDA, whose errors become DeviceErrors."""
# pyright: basic

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.runtime.cuda.packages import check_packages

NEEDED_VERSION = 13000
"""of CUDA, as the driver states it: that of the toolkit that makes the code"""
OUT_OF_MEMORY, NO_DEVICE = "CUDA_ERROR_OUT_OF_MEMORY", "CUDA_ERROR_NO_DEVICE"
VERSION_MISMATCHES = ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE")
OUR_MISTAKES = {
    "INVALID_VALUE",
    "INVALID_IMAGE",
    "INVALID_CONTEXT",
    "NO_BINARY_FOR_GPU",
    "INVALID_PTX",
    "UNSUPPORTED_PTX_VERSION",
    "INVALID_HANDLE",
    "ILLEGAL_STATE",
    "NOT_FOUND",
    "ILLEGAL_ADDRESS",
    "LAUNCH_OUT_OF_RESOURCES",
    "ILLEGAL_INSTRUCTION",
    "MISALIGNED_ADDRESS",
    "INVALID_ADDRESS_SPACE",
    "INVALID_PC",
    "STREAM_CAPTURE_UNSUPPORTED",
    "STREAM_CAPTURE_INVALIDATED",
    "STREAM_CAPTURE_UNJOINED",
    "STREAM_CAPTURE_WRONG_THREAD",
}
"""names of errors, without `CUDA_ERROR_`, of a driver that is used wrongly and of kernels that are wrong"""
DRIVER_HELP = (
    "`nvidia-smi` shows the driver and the GPUs that it knows; netspec needs a driver of the 580 series or later"
)


class DriverApi:
    """`functions` is the module `cuda.bindings.driver`. Handles and addresses are what it returns."""

    def __init__(self, functions: Any) -> None:
        self.functions = functions
        self._process = os.getpid()

    def call(self, name: str, *arguments: Any) -> Any:
        """What a function returns beside its status: nothing, one value, or a tuple. Raises DeviceError: E588 where
        memory is too small, E589 where the GPU fails, E587 in a forked child, for which there is no GPU; CompilerBug
        for `OUR_MISTAKES`."""
        if os.getpid() != self._process:
            raise DeviceError(
                "E587",
                "a GPU that a process has opened cannot be used in its forked child",
                helps=("start processes by `spawn`, or open the GPU in the child alone",),
            )
        status, *values = getattr(self.functions, name)(*arguments)
        if int(status) != 0:
            raise self._failure(name, status)
        return values[0] if len(values) == 1 else tuple(values)

    def end(self, name: str, *arguments: Any) -> None:
        """Calls a function that gives something back. Nothing is raised: what a lost GPU held is lost, too."""
        with suppress(DeviceError, CompilerBug):
            self.call(name, *arguments)

    def attribute(self, number: int, device: Any) -> int:
        """An attribute of a device, by its number in `CUdevice_attribute`."""
        return int(self.call("cuDeviceGetAttribute", self.functions.CUdevice_attribute(number), device))

    def error_name(self, status: Any) -> str:
        """`CUDA_ERROR_OUT_OF_MEMORY`"""
        found, name = self.functions.cuGetErrorName(status)
        return name.decode() if int(found) == 0 and name else f"error {int(status)}"

    def _failure(self, name: str, status: Any) -> DeviceError | CompilerBug:
        error = self.error_name(status)
        if error.removeprefix("CUDA_ERROR_") in OUR_MISTAKES:
            return CompilerBug(f"`{name}` of the GPU's driver says {error}")
        if error == OUT_OF_MEMORY:
            return DeviceError(
                "E588", f"the GPU has too little memory: `{name}` says {error}", helps=("a smaller batch needs less",)
            )
        return DeviceError(
            "E589",
            f"the GPU was lost in mid-run: `{name}` says {error}",
            notes=("no result of this process on the GPU can be trusted any more",),
            helps=(
                "`nvidia-smi` and the system's log tell more; a run goes on from its last checkpoint by `--resume`",
            ),
        )


def open_api() -> DriverApi:
    """The driver of this machine, initialized. Raises DeviceError: E597 where its package is missing, E598 where there
    is no driver or no GPU, E599 where the driver is too old."""
    check_packages()
    return initialized(import_module("cuda.bindings.driver"))


def initialized(functions: Any) -> DriverApi:
    """As `open_api`, by the functions of a driver."""
    api = DriverApi(functions)
    try:
        status, version = functions.cuDriverGetVersion()
        if int(status) == 0 and version < NEEDED_VERSION:
            raise _too_old(f"takes CUDA {version // 1000}.{version % 1000 // 10}")
        (status,) = functions.cuInit(0)
    except RuntimeError:
        raise DeviceError("E598", "there is no driver of an NVIDIA GPU", helps=(DRIVER_HELP,)) from None
    if int(status) == 0:
        return api
    error = api.error_name(status)
    if error in VERSION_MISMATCHES:
        raise _too_old(f"says {error}")
    what = "there is no NVIDIA GPU" if error == NO_DEVICE else f"no NVIDIA GPU can be used: `cuInit` says {error}"
    raise DeviceError("E598", what, helps=(DRIVER_HELP, "`CUDA_VISIBLE_DEVICES` hides GPUs where it is set"))


def _too_old(found: str) -> DeviceError:
    return DeviceError(
        "E599", f"the GPU's driver {found}, and netspec compiles kernels by CUDA 13.0", helps=(DRIVER_HELP,)
    )
