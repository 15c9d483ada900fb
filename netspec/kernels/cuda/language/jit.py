"""Compilation of the parts of kernels. A kernel itself is a plain function, compiled by `runtime/cuda/compilation.py`.

numba-cuda 0.30.4 asks the driver for the GPU before it compiles a function that a kernel calls, even where the
architecture is given; `routine` does not.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.cuda.compiler import compile_cuda
from numba.cuda.dispatcher import CUDADispatcher

LEAST_CAPABILITY = (8, 0)
"""Of the LLVM IR of routines, which has no instruction of a later architecture; NVVM compiles it for the kernel's."""


class RoutineDispatcher(CUDADispatcher):
    """A function that kernels call; always inlined."""

    def compile_device(self, args: Any, return_type: Any = None) -> Any:
        """Compiles the function for argument types `args`, once."""
        if args not in self.overloads:
            options = {"opt": 3}
            made = compile_cuda(
                self.py_func, return_type, args, cc=LEAST_CAPABILITY, forceinline=True, nvvm_options=options
            )
            made.target_context.insert_user_function(made.entry_point, made.fndesc, [made.library])
            self.overloads[args] = made
        return self.overloads[args]


def routine(function: Callable[..., Any]) -> Any:
    """Marks a part of kernels."""
    return RoutineDispatcher(function, targetoptions={"device": True})
