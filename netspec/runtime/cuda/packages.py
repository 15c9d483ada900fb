"""Packages of the extra `cuda`: which are missing, and the versions of those that make code."""
# pyright: basic

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from netspec.diagnostics.failure import DeviceError

INSTALL = "pip install 'netspec[cuda]'"
MODULES = {"numba_cuda": "numba-cuda", "cuda.bindings": "cuda-bindings", "cuda.pathfinder": "cuda-pathfinder"}
"""Packages by a module of each."""
LIBRARIES = {"nvvm": "nvidia-nvvm", "nvJitLink": "nvidia-nvjitlink"}
"""Packages by the shared library of each; a CUDA toolkit of the system has them, too."""
COMPILERS = ("numba", "llvmlite", "numba-cuda", "cuda-bindings", "nvidia-nvvm", "nvidia-nvjitlink")
"""Packages whose versions decide the code of kernels."""


def check_packages() -> None:
    """Raises DeviceError (E597) where Python packages that compile or run kernels are missing; imports none."""
    missing = [package for module, package in MODULES.items() if not _found(module)]
    if missing:
        raise _missing(missing)


@cache
def check_compiler() -> None:
    """Raises DeviceError (E597) where kernels cannot be compiled: packages or libraries are missing, or `numba.cuda` is
    not numba-cuda's. A positive answer is kept."""
    check_packages()
    load = import_module("cuda.pathfinder").load_nvidia_dynamic_lib
    missing: list[str] = []
    for library, package in LIBRARIES.items():
        try:
            load(library)
        except RuntimeError:
            missing.append(package)
    if missing:
        raise _missing(missing)
    _check_target()


def compiler_versions() -> dict[str, str | None]:
    """Versions by package of `COMPILERS`: `0.30.4`, None of a missing package."""
    return {package: _version(package) for package in COMPILERS}


def _check_target() -> None:
    cuda = import_module("numba.cuda")
    if getattr(cuda, "implementation", None) != "NVIDIA":
        raise DeviceError(
            "E597",
            f"`numba.cuda` is numba's own old target: `{cuda.__file__}`",
            notes=("numba-cuda takes its place by a `.pth` file, which Python reads in a site directory alone",),
            helps=(f"`{INSTALL}` in this environment, not into a folder on `PYTHONPATH`",),
        )
    if cuda.config.ENABLE_CUDASIM:
        raise DeviceError(
            "E597", "`NUMBA_ENABLE_CUDASIM` replaces the compiler of kernels", helps=("unset `NUMBA_ENABLE_CUDASIM`",)
        )


def _missing(packages: list[str]) -> DeviceError:
    verb = "is" if len(packages) == 1 else "are"
    return DeviceError("E597", f"{', '.join(packages)} {verb} not installed", helps=(f"`{INSTALL}`",))


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        return False


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
