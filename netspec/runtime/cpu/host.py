"""This machine as a target: lanes and registers of the vector unit that Numba compiles for."""
# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.binding as llvm
from numba.core import config
from numba.core.codegen import get_host_cpu_features

from netspec.targets.cpu.processor import AVX2, AVX512, NEON, SSE, CpuTarget


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor that LLVM compiles for: the host's, unless `NUMBA_CPU_NAME` or `NUMBA_CPU_FEATURES` is set."""

    name: str
    features: str
    """`+avx2,-avx512f,…`"""


def processor() -> Processor:
    """The processor that Numba compiles for, by its current settings."""
    name = llvm.get_host_cpu_name() if config.CPU_NAME is None else config.CPU_NAME
    features = get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
    return Processor(str(name), str(features))


def host_target() -> CpuTarget:
    """The target of the processor that Numba compiles for."""
    return target_of(processor(), llvm.get_process_triple())


def target_of(chosen: Processor, triple: str) -> CpuTarget:
    """The target of a processor; `triple` is such as `x86_64-unknown-linux-gnu`."""
    if not triple.startswith(("x86_64", "i686", "amd64")):
        return NEON
    features = set(chosen.features.split(","))
    if "+avx512f" in features:
        return AVX512
    return AVX2 if {"+avx2", "+fma"} <= features else SSE
