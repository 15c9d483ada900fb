"""Targets are told from the features that Numba compiles for."""

import pytest

from netspec.runtime.cpu.host import Processor, target_of
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, SSE, CpuTarget

X86 = "x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("features", "triple", "target"),
    [
        ("+avx2,+fma,+avx512f", X86, AVX512),
        ("+avx2,+fma,-avx512f", X86, AVX2),
        ("+avx2,-fma", X86, SSE),
        ("", X86, SSE),
        ("+neon", "aarch64-unknown-linux-gnu", NEON),
        ("+neon", "arm64-apple-darwin22.1.0", NEON),
    ],
)
def test_a_processor_has_a_target(features: str, triple: str, target: CpuTarget) -> None:
    assert target_of(Processor("any", features), triple) == target
