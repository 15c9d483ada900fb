"""Compilation of a jitted function to an object file, and the names of both.

A kernel's object file defines one function, which calls nothing of Python, so LLVM's linker alone loads it. With a warm
cache Numba neither types nor lowers anything.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import types
from numba.core import config

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.kernels.cpu.language.memory import FLOATS, WORDS
from netspec.kernels.cpu.language.numba_settings import check_settings, printing_aside, set_beside_processor
from netspec.kernels.cpu.language.tile import TileShape, TileShapeType
from netspec.runtime.cache import Code, version_key
from netspec.runtime.compile_server import Compiler
from netspec.runtime.cpu.host import processor

KERNEL_ARGUMENTS = (FLOATS, WORDS, WORDS, types.int64, types.int64, types.int64)
"""arena, descriptor, state, begin, end, thread: a kernel's arguments after the tile"""
DRIVER_ARGUMENTS = (WORDS, types.int64)
"""control, thread"""
PYTHON_PREFIXES = ("Py", "_Py", "NRT_", "numba_", "_ZN")
"""Prefixes of functions that machine code cannot call without Python."""
PACKAGES = ("netspec.ir", "netspec.targets", "netspec.kernels.cpu", "netspec.runtime")
"""Packages whose sources, subpackages included, are part of the version: all code of kernels, and the constants of `ir`
in it."""
APART = "netspec.runtime/cuda/"
"""Sources that no code of a CPU is made from."""
NUMBA_OPTIONS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT", "LLVM_REFPRUNE_PASS")
"""Numba's settings that change compiled code."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A function to compile: a kernel for a tile shape, or without a shape the driver."""

    function: Any
    shape: TileShape | None = None

    @property
    def arguments(self) -> tuple[types.Type, ...]:
        """Argument types that it is compiled for."""
        return DRIVER_ARGUMENTS if self.shape is None else (TileShapeType(self.shape), *KERNEL_ARGUMENTS)

    @property
    def module(self) -> str:
        """The module of its function."""
        return self.function.py_func.__module__

    @property
    def function_name(self) -> str:
        """`netspec.kernels.cpu.dense.products.multiply`"""
        return f"{self.module}.{self.function.py_func.__qualname__}"

    @property
    def name(self) -> str:
        """Key in memory and in the cache: `netspec.kernels.cpu.dense.products.multiply-6x4x16r32`. For a function whose
        source is not part of the version, a hash of the source is appended."""
        tile = "" if self.shape is None else f"-{self.shape}"
        counted = self.module.startswith(tuple(f"{package}." for package in PACKAGES))
        return self.function_name + tile + ("" if counted else f"-{_source_hash(self)}")

    @property
    def kept(self) -> bool:
        """Whether it may be cached and compiled by another process: a function of netspec that is found by its name."""
        return self.module.startswith("netspec.") and "<" not in self.function.py_func.__qualname__

    @property
    def address(self) -> list[Any]:
        """JSON value from which `unit_at` finds it in another process."""
        shape = None if self.shape is None else [*astuple(self.shape)]
        return [self.module, self.function.py_func.__qualname__, shape]


def unit_at(address: list[Any]) -> Unit:
    """The unit of an `address`."""
    module, name, shape = address
    return Unit(getattr(import_module(module), name), None if shape is None else TileShape(*shape))


def _source_hash(unit: Unit) -> str:
    path = Path(unit.function.py_func.__code__.co_filename)
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "no-source"


def check_compiler() -> None:
    """Raises DeviceError where Numba's settings would break or change kernels (E592, E593, E595), or where they name
    another processor than when `VERSION` was computed (E596)."""
    check_settings()
    if processor() != PROCESSOR:
        raise DeviceError(
            "E596",
            "the processor that Numba is to compile for has changed since netspec was imported",
            helps=("set `NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES` before the program begins",),
        )


@contextmanager
def compiling() -> Generator[None]:
    """A context in which Numba compiles and its output goes to standard error. Raises DeviceError as `check_compiler`
    does, and where Numba fails while other settings are set (E594)."""
    check_compiler()
    try:
        with printing_aside():
            yield
    except Exception as error:
        found = set_beside_processor()
        if not found:
            raise
        what = str(error).partition("\n")[0] or type(error).__name__
        raise DeviceError(
            "E594",
            f"kernels cannot be compiled with Numba's settings: {what}",
            notes=(f"set are {', '.join(found)}",),
            helps=("unset them, and report it where that does not help",),
        ) from error


def compile_unit(unit: Unit) -> Code:
    """Compiles a function. Raises CompilerBug where its code may raise an exception or calls Python, and DeviceError as
    `compiling` does."""
    with compiling():
        return _compiled(unit)


def _compiled(unit: Unit) -> Code:
    unit.function.compile(unit.arguments)
    compiled = unit.function.overloads[unit.arguments]
    library, symbol = compiled.library, compiled.fndesc.llvm_func_name
    declared = (f.name for f in library.whole().functions if f.is_declaration)
    foreign = sorted(name for name in declared if name.startswith(PYTHON_PREFIXES))
    if foreign:
        raise CompilerBug(f"{unit.function_name} calls {', '.join(foreign)}")
    _, exception, *_ = library.get_function(symbol).arguments
    if b"readnone" not in b" ".join(exception.attributes):
        raise CompilerBug(f"{unit.function_name} may raise an exception")
    return Code(symbol, library.object_file())


def version_sources() -> dict[str, Path]:
    """Source files of the version, by package and path in it: `netspec.kernels.cpu/dense/rows.py`."""
    folders = {package: Path(import_module(package).__path__[0]) for package in PACKAGES}
    sources = {
        f"{package}/{path.relative_to(folder).as_posix()}": path
        for package, folder in folders.items()
        for path in folder.rglob("*.py")
    }
    return {name: path for name, path in sources.items() if not name.startswith(APART)}


def _version() -> str:
    """Hash of the sources on disk, of the compilers' versions and settings, and of the processor."""
    compilers = (
        numba.__version__,
        llvmlite.__version__,
        str(llvm.llvm_version_info),
        str(sys.implementation.cache_tag),
    )
    options = (f"{name}={getattr(config, name, None)}" for name in NUMBA_OPTIONS)
    facts = (*compilers, *options, llvm.get_process_triple(), PROCESSOR.name, PROCESSOR.features)
    return version_key(version_sources(), *facts)


PROCESSOR = processor()
"""The processor that this process compiles for."""
VERSION = _version()
"""Computed at import: if sources change later, this process must not store code of the old ones under the new hash."""
COMPILER = Compiler(__name__, VERSION, compile_unit, unit_at)
"""Numba for this processor."""
