"""Addresses of compiled functions: from the cache, or compiled by Numba and put there.

A kernel's machine code is an object file that holds the one function and calls nothing of Python, so it is loaded
by a bare LLVM linker: with a warm cache Numba neither types nor lowers anything.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import types

from netspec.diagnostics.failure import CompilerBug
from netspec.kernels import cpu
from netspec.kernels.cpu.memory import FLOATS, WORDS
from netspec.kernels.cpu.tile import TileShape, TileShapeType
from netspec.runtime.cache import Code, CodeCache, version_key
from netspec.runtime.driver import drive
from netspec.runtime.host import processor

KERNEL_ARGUMENTS = (FLOATS, WORDS, WORDS, types.int64, types.int64, types.int64)
"""arena, descriptor, state, begin, end, thread: what follows a kernel's tile"""
PYTHON_PREFIXES = ("Py", "_Py", "NRT_", "numba_", "_ZN")
"""Names of functions that machine code cannot call without Python."""
DRIVER_ARGUMENTS = (WORDS, types.int64)
"""control, thread"""


def code_cache(cache_dir: Path | None) -> CodeCache:
    """The cache below `cache_dir` for this version of the kernels on this processor."""
    return CodeCache(None if cache_dir is None else cache_dir / "kernels" / _VERSION)


def _version() -> str:
    """The version of the sources as they are now, of what compiles them, and of the processor."""
    sources = [*Path(cpu.__path__[0]).glob("*.py"), *Path(__file__).parent.glob("*.py")]
    chosen = processor()
    return version_key(sources, numba.__version__, llvmlite.__version__, chosen.name, chosen.features)


_VERSION = _version()
"""Read when the sources are imported: a process that outlives a change to them must not keep old code as new."""


def kernel_address(kernel: Any, shape: TileShape, cache: CodeCache) -> int:
    """The address of `kernel` for a tile shape: i32 (*)(ptr, ptr, ptr tile, ptr arena, ptr d, ptr state, i64 * 3)."""
    name = f"{_name(kernel)}-{shape.rows}x{shape.columns}x{shape.lanes}"
    return _LINKER.address(name, kernel, (TileShapeType(shape), *KERNEL_ARGUMENTS), cache)


def driver_address(cache: CodeCache) -> int:
    """The address of the driver: i32 (*)(ptr, ptr, ptr control, i64 thread)."""
    return _LINKER.address(_name(drive), drive, DRIVER_ARGUMENTS, cache)


def _name(function: Any) -> str:
    return f"{function.py_func.__module__}.{function.py_func.__qualname__}"


def compile_code(function: Any, arguments: tuple[types.Type, ...]) -> Code:
    """Compiles a jitted function for argument types. Raises CompilerBug where it might raise or would need Python."""
    function.compile(arguments)
    compiled = function.overloads[arguments]
    library, symbol = compiled.library, compiled.fndesc.llvm_func_name
    declared = (f.name for f in library._final_module.functions if f.is_declaration)
    foreign = sorted(name for name in declared if name.startswith(PYTHON_PREFIXES))
    if foreign:
        raise CompilerBug(f"{_name(function)} calls {', '.join(foreign)}")
    _, exception, *_ = library.get_function(symbol).arguments
    if b"readnone" not in b" ".join(exception.attributes):
        raise CompilerBug(f"{_name(function)} may raise an exception")
    return Code(symbol, library._get_compiled_object())


def _obtain(name: str, function: Any, arguments: tuple[types.Type, ...], cache: CodeCache) -> Code:
    """The code from the cache, else compiled and put there. The cache's key knows of netspec's own functions only."""
    if not name.startswith("netspec."):
        return compile_code(function, arguments)
    code = cache.load(name)
    if code is None:
        code = compile_code(function, arguments)
        cache.store(name, code)
    return code


class _Linker:
    """Loads object files into this process, each once; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: dict[str, int] = {}
        self._engine: Any = None

    def address(self, name: str, function: Any, arguments: tuple[types.Type, ...], cache: CodeCache) -> int:
        """The address of `function` compiled for `arguments`, known as `name` in memory and in the cache."""
        with self._lock:
            if name not in self._addresses:
                self._addresses[name] = self._link(_obtain(name, function, arguments, cache))
            return self._addresses[name]

    def _link(self, code: Code) -> int:
        engine = self._engine = self._engine or _new_engine()
        engine.add_object_file(llvm.ObjectFileRef.from_data(code.object_file))
        engine.finalize_object()
        return engine.get_function_address(code.symbol)


def _new_engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


_LINKER = _Linker()
