"""The facts of a GPU that planning uses. Independent of numba-cuda and of a driver."""

from __future__ import annotations

from dataclasses import dataclass

WARP_THREADS = 32


@dataclass(frozen=True, slots=True)
class CudaTarget:
    """A kind of GPU. A plan is a function of the network, the batch and this alone, never of a measurement."""

    name: str
    """architecture that kernels are compiled for: `sm_90`"""
    multiprocessors: int
    shared_bytes: int
    """shared memory that a block can have"""
    registers: int = 65536
    """32-bit registers of a multiprocessor"""

    @property
    def capability(self) -> tuple[int, int]:
        """Compute capability: (9, 0)."""
        return capability_of(self.name)


def capability_of(architecture: str) -> tuple[int, int]:
    """Compute capability of an architecture: (9, 0) of `sm_90`."""
    number = architecture.removeprefix("sm_")
    return int(number[:-1]), int(number[-1])


SM_80 = CudaTarget("sm_80", multiprocessors=108, shared_bytes=163 * 1024)
"""A100"""
SM_89 = CudaTarget("sm_89", multiprocessors=128, shared_bytes=99 * 1024)
"""RTX 4090"""
SM_90 = CudaTarget("sm_90", multiprocessors=132, shared_bytes=227 * 1024)
"""H100 SXM, H200"""
SM_100 = CudaTarget("sm_100", multiprocessors=148, shared_bytes=227 * 1024)
"""B200"""
TARGETS: dict[str, CudaTarget] = {target.name: target for target in (SM_80, SM_89, SM_90, SM_100)}
