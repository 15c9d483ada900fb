"""Addresses of compiled functions, each loaded from the cache or compiled, and linked once into this process."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from netspec.kernels.cpu.language.tile import TileShape
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.cpu.compilation import COMPILER, VERSION, Unit, check_compiler
from netspec.runtime.cpu.driver import take_part
from netspec.runtime.obtain import obtain


def code_cache(cache_dir: Path | None) -> CodeCache:
    """The cache below `cache_dir` for this version of the kernels on this processor."""
    return CodeCache(None if cache_dir is None else kernel_folder(cache_dir))


def kernel_folder(cache_dir: Path) -> Path:
    """Folder of this version's code; other versions are its siblings."""
    return cache_dir / "kernels" / VERSION


def kernel_address(kernel: Any, shape: TileShape, cache: CodeCache) -> int:
    """The address of `kernel` for a tile shape: i32 (*)(ptr, ptr, ptr tile, ptr arena, ptr d, ptr state, i64 * 3)."""
    return _LINKER.addresses((Unit(kernel, shape),), cache)[0]


def driver_address(cache: CodeCache) -> int:
    """The address of the driver: i32 (*)(ptr, ptr, ptr control, i64 thread)."""
    return _LINKER.addresses((Unit(take_part),), cache)[0]


def link_kernels(kernels: Iterable[tuple[Any, TileShape]], cache: CodeCache) -> None:
    """Links the driver and the kernels for their tile shapes into this process, so that later look-ups are immediate.

    Functions missing in the cache are compiled by several processes in parallel.
    """
    _LINKER.addresses((Unit(take_part), *(Unit(kernel, shape) for kernel, shape in kernels)), cache)


class _Linker:
    """Loads object files into this process, each once; thread-safe. A fork waits until no thread compiles or links:
    otherwise the child inherits this lock, and locks of Numba and LLVM, locked for ever."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):  # absent on systems without fork
            free = self._lock.release
            os.register_at_fork(before=self._lock.acquire, after_in_parent=free, after_in_child=free)
        self._addresses: dict[str, int] = {}
        self._engine: Any = None

    def addresses(self, units: Iterable[Unit], cache: CodeCache) -> tuple[int, ...]:
        """The addresses of functions, in order."""
        named = [(unit.name, unit) for unit in units]
        with self._lock:
            missing = {name: unit for name, unit in named if name not in self._addresses}
            if missing:
                check_compiler()
            for name, code in obtain(tuple(missing.values()), cache, COMPILER).items():
                self._addresses[name] = self._link(code)
            return tuple(self._addresses[name] for name, _ in named)

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
