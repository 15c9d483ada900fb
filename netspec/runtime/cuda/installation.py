"""What CUDA needs of this machine: packages of the extra `cuda`, NVIDIA's driver, and GPUs. Imports none of them."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import DeviceError
from netspec.targets.cuda.processor import CudaTarget

INSTALL = "pip install 'netspec[cuda]'"
INSTALL_TOOLS = "pip install --no-deps nvidia-cuda-nvcc==13.0.88 nvidia-cuda-nvdisasm==13.5.37"
ELSEWHERE = "`--device cpu` runs on the processor of this machine"
MODULES: Mapping[str, str] = {
    "numba_cuda": "numba-cuda",
    "cuda.bindings": "cuda-bindings",
    "cuda.core": "cuda-core",
}
"""Modules that kernels are compiled and launched by, and the packages that have them."""
PACKAGES = (*MODULES.values(), "nvidia-nvvm", "nvidia-cuda-nvrtc", "nvidia-nvjitlink", "nvidia-cuda-runtime")
LEAST_DRIVER = (13, 0)
"""CUDA that a driver must know: the toolkit of the extra is of this version."""
LEAST_CAPABILITY = (8, 0)
LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
NO_GPU = "the driver of NVIDIA finds no GPU"
NO_DEVICE = 100
"""CUDA_ERROR_NO_DEVICE"""
MULTIPROCESSORS, MAJOR, MINOR, REGISTERS, SHARED_BYTES = 16, 75, 76, 82, 97
"""CU_DEVICE_ATTRIBUTE_…: MULTIPROCESSOR_COUNT, COMPUTE_CAPABILITY_MAJOR and _MINOR, MAX_REGISTERS_PER_MULTIPROCESSOR,
MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as its driver describes it."""

    name: str
    memory_bytes: int
    target: CudaTarget


@dataclass(frozen=True, slots=True)
class NvidiaDriver:
    """`cuda` is the newest version of CUDA that the driver knows; `trouble` says why it shows no GPU."""

    cuda: tuple[int, int]
    gpus: tuple[Gpu, ...] = ()
    trouble: str | None = None


def check_packages() -> None:
    """Raises DeviceError (E597) where a package is missing, or `numba.cuda` is not numba-cuda's."""
    missing = [package for module, package in MODULES.items() if not _has(module)]
    if missing:
        raise DeviceError("E597", f"CUDA needs packages that are not installed: {', '.join(missing)}", helps=(INSTALL,))
    if not is_redirected():
        message = "`numba.cuda` is Numba's own, in place of numba-cuda's"
        note = "numba-cuda takes its place by a `.pth` file, which Python reads only in its own site-packages"
        raise DeviceError("E597", message, notes=(note,), helps=(f"install it there: {INSTALL}",))


def check_driver(driver: NvidiaDriver | None) -> Gpu:
    """The first GPU. Raises DeviceError (E598) where there is no driver, no GPU, or one too old for the kernels."""
    if driver is None:
        raise _unusable(
            "there is no driver of NVIDIA on this machine", f"install one that knows CUDA {_dotted(LEAST_DRIVER)}"
        )
    if driver.trouble is not None or not driver.gpus:
        raise _unusable(driver.trouble or NO_GPU, "see what `nvidia-smi` finds", "CUDA_VISIBLE_DEVICES may hide a GPU")
    if driver.cuda < LEAST_DRIVER:
        found, least = _dotted(driver.cuda), _dotted(LEAST_DRIVER)
        raise _unusable(f"the driver of NVIDIA knows CUDA {found}, and {least} is needed", "install a newer driver")
    gpu = driver.gpus[0]
    if gpu.target.capability < LEAST_CAPABILITY:
        found, least = _dotted(gpu.target.capability), _dotted(LEAST_CAPABILITY)
        raise _unusable(f"{gpu.name} has compute capability {found}, and {least} is needed")
    return gpu


def usable_gpu() -> Gpu:
    """The GPU that programs run on. Raises DeviceError (E597, E598) where something is missing that CUDA needs."""
    check_packages()
    return check_driver(nvidia_driver())


def versions() -> dict[str, str | None]:
    """Versions of the packages, None for one that is missing."""
    return {package: _version(package) for package in PACKAGES}


def is_redirected() -> bool:
    """Whether `numba.cuda` is numba-cuda's."""
    found = find_spec("numba.cuda")
    return found is not None and found.origin is not None and "numba_cuda" in Path(found.origin).parts


def nvidia_driver(load: Callable[[str], Any] = ctypes.CDLL) -> NvidiaDriver | None:
    """The driver with its GPUs; None without a driver. Initialises the driver, so that a child forked later cannot."""
    try:
        library = load(LIBRARY)
    except OSError:
        return None
    number = _read(library.cuDriverGetVersion)
    cuda = (number // 1000, number % 1000 // 10)
    status = library.cuInit(0)
    if status == NO_DEVICE:
        return NvidiaDriver(cuda, trouble=NO_GPU)
    if status:
        return NvidiaDriver(cuda, trouble=f"the driver of NVIDIA does not start: error {status} of cuInit")
    return NvidiaDriver(cuda, tuple(_gpu(library, ordinal) for ordinal in range(_read(library.cuDeviceGetCount))))


def _unusable(message: str, *repairs: str) -> DeviceError:
    return DeviceError("E598", message, helps=(*repairs, ELSEWHERE))


def _gpu(library: Any, ordinal: int) -> Gpu:
    device = ctypes.c_int()
    library.cuDeviceGet(ctypes.byref(device), ordinal)
    name, memory_bytes = ctypes.create_string_buffer(256), ctypes.c_size_t()
    library.cuDeviceGetName(name, len(name), device)
    library.cuDeviceTotalMem_v2(ctypes.byref(memory_bytes), device)

    def attribute(number: int) -> int:
        return _read(library.cuDeviceGetAttribute, number, device)

    architecture = f"sm_{attribute(MAJOR)}{attribute(MINOR)}"
    target = CudaTarget(architecture, attribute(MULTIPROCESSORS), attribute(SHARED_BYTES), attribute(REGISTERS))
    return Gpu(name.value.decode(errors="replace"), memory_bytes.value, target)


def _read(function: Callable[..., int], *arguments: Any) -> int:
    """The integer that a function of the driver writes to its first argument."""
    found = ctypes.c_int()
    function(ctypes.byref(found), *arguments)
    return found.value


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _dotted(number: tuple[int, int]) -> str:
    return f"{number[0]}.{number[1]}"
