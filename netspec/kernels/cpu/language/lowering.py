"""Numba types kernels and routines and writes them in LLVM's language; LLVM works on each kernel once, whole.

By itself Numba would optimise every routine and turn it into machine code, then again all that it is inlined into, for
Python might call each of them. Here only kernels are called, as object files. So a function's module is kept as it was
written until the object file of a kernel is asked for; then all that it needs is joined, inlined and optimised.
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
    """The module of one function, and the libraries of those that it calls."""

    _whole: Any = None

    def add_llvm_module(self, ll_module: Any) -> None:
        """Takes what Numba wrote as it is."""
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Nothing more is added; nothing is made of it yet."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No function of these is ever called in this process by way of Numba."""
        self._ensure_finalized()
        return 0

    @global_compiler_lock
    def whole(self) -> Any:
        """The module of this function with all that it calls, optimised; made once."""
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
        """Its assembly."""
        return str(self._codegen._tm.emit_assembly(self.whole()))

    def object_file(self) -> bytes:
        """Its machine code."""
        return self._codegen._tm.emit_object(self.whole())


def _needed(library: KernelLibrary, found: dict[CPUCodeLibrary, None]) -> Iterable[CPUCodeLibrary]:
    """The libraries of all functions that this one calls, at any remove, each once; `found` are those known already.
    What Numba has of its own is whole."""
    for each in library._linking_libraries:
        if each not in found:
            found[each] = None
            if isinstance(each, KernelLibrary):
                _needed(each, found)
    return found


class KernelCodegen(JITCPUCodegen):
    """Makes such libraries. Nothing is loaded into its engine."""

    _library_class = KernelLibrary

    def set_env(self, env_name: str, env: Any) -> None:
        """Kernels have no environment in Python."""


class KernelTarget(CPUTarget):
    """The processor as Numba knows it, types included, but for the way to machine code."""

    @cached_property
    def _toplevel_typing_context(self) -> Any:
        return cpu_target.typing_context

    @cached_property
    def _toplevel_target_context(self) -> Any:
        return cpu_target.target_context.subtarget(_internal_codegen=KernelCodegen("netspec.kernels"))


class KernelDispatcher(CPUDispatcher):
    """A function of Python that becomes a kernel or a part of kernels."""

    targetdescr = KernelTarget("cpu")
