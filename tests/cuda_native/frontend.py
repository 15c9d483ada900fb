"""numba-cuda's front end: the LLVM IR that it hands to NVVM, without a driver.

The only module that uses names of numba-cuda that are not public.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba.cuda.compiler import _compile_pyfunc_with_fixup
from numba.cuda.cudadrv.nvvm import llvm_replace

CAPABILITY = (9, 0)


@cache
def device_ir(function: Any, signature: Any) -> tuple[tuple[str, ...], str]:
    """The texts of the modules of a kernel, the kernel's own first, and the kernel's symbol."""
    compiled, _ = _compile_pyfunc_with_fixup(function, signature, cc=CAPABILITY, device=False, abi="numba", opt=True)
    return tuple(llvm_replace(module) for module in compiled.llvm_strs), compiled._entry_name
