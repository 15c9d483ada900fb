"""The facts of a processor that planning uses: lanes, registers, caches. Independent of Numba and NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cpu.costs import SHIPPED, SHIPPED_AVX2, Costs

ARITHMETIC = 2
"""Number of the arithmetic of plans and kernels, which runs record. It rises with each change by which some layer is
computed by another algorithm or in another order, for the same target and costs."""


@dataclass(frozen=True, slots=True)
class CpuTarget:
    """A kind of processor. A plan is a function of the network, the batch and this alone, never of a measurement."""

    name: str
    lanes: int
    """float32 numbers in a vector register; as many images share a vector"""
    registers: int
    """vector registers"""
    l1_bytes: int = 32 * 1024
    l2_bytes: int = 1024 * 1024
    exact: bool = False
    """whether only algorithms are planned that round as the definition does: no Winograd convolution"""
    costs: Costs = SHIPPED
    """costs by which algorithms are chosen"""


AVX512 = CpuTarget("avx512", lanes=16, registers=32)
AVX2 = CpuTarget("avx2", lanes=8, registers=16, costs=SHIPPED_AVX2)
SSE = CpuTarget("sse", lanes=4, registers=15)
"""One of its 16 registers holds products, because it has no fused multiply-add."""
NEON = CpuTarget("neon", lanes=4, registers=28)
"""Four of its 32 registers hold operands that other processors read from memory as they multiply."""
TARGETS: dict[str, CpuTarget] = {target.name: target for target in (AVX512, AVX2, SSE, NEON)}
