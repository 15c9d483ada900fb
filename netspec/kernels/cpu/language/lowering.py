"""Kernels and routines typed and lowered to LLVM by Numba, with LLVM optimising each kernel once, as a whole.

By default Numba optimises and compiles every routine, then again every function that inlines it, since Python might
call each. Here only kernels are called, as object files. So the module of a function stays unoptimised until the object
file of a kernel is needed; then the modules of all its callees are linked in, inlined and optimised.
"""
# pyright: basic, reportIncompatibleMethodOverride=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from numba.core.codegen import CPUCodeLibrary, JITCodeLibrary, JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher, CPUTarget, cpu_target


class KernelLibrary(JITCodeLibrary):
    """The LLVM module of one function, linked to the libraries of its callees."""

    _whole: Any = None

    def add_llvm_module(self, ll_module: Any) -> None:
        """Links Numba's module in, without optimising it."""
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Closes the module; it is optimised later, by `whole`."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """0: Numba never calls such a function in this process."""
        self._ensure_finalized()
        return 0

    @global_compiler_lock
    def whole(self) -> Any:
        """The optimised module of this function with all its callees; made once."""
        if self._whole is None:
            for library in _needed(self, {}):
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)
            self._optimize_final_module()
            self._final_module.verify()
            self._whole = self._final_module
        return self._whole

    def get_llvm_str(self) -> str:
        """The optimised module as text."""
        return str(self.whole())

    def get_asm_str(self) -> str:
        """The assembly of the optimised module."""
        return str(self._codegen._tm.emit_assembly(self.whole()))

    def object_file(self) -> bytes:
        """The machine code of the optimised module, an object file."""
        return self._codegen._tm.emit_object(self.whole())


def _needed(library: KernelLibrary, found: dict[CPUCodeLibrary, None]) -> Iterable[CPUCodeLibrary]:
    """The libraries of all direct and indirect callees, each once; those in `found` are known already. Numba's own
    libraries already contain their callees."""
    for each in library._linking_libraries:
        if each not in found:
            found[each] = None
            if isinstance(each, KernelLibrary):
                _needed(each, found)
    return found


class KernelCodegen(JITCPUCodegen):
    """Code generator whose libraries are `KernelLibrary`. Nothing is loaded into its execution engine."""

    _library_class = KernelLibrary

    def set_env(self, env_name: str, env: Any) -> None:
        """Nothing: kernels have no Python environment."""


class KernelTarget(CPUTarget):
    """Numba's CPU target with its types, but with `KernelCodegen` as code generator."""

    @cached_property
    def _toplevel_typing_context(self) -> Any:
        return cpu_target.typing_context

    @cached_property
    def _toplevel_target_context(self) -> Any:
        return cpu_target.target_context.subtarget(_internal_codegen=KernelCodegen("netspec.kernels"))


class KernelDispatcher(CPUDispatcher):
    """Dispatcher of kernels and routines."""

    targetdescr = KernelTarget("cpu")
