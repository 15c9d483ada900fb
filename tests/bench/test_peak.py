"""The peak of several threads is of all at once, and of chains that stay in registers on every target."""

import json
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from netspec.bench import peak
from netspec.runtime.cpu.compilation import Unit, compile_unit
from netspec.runtime.cpu.host import host_target
from netspec.targets.cpu.processor import NEON, TARGETS
from tests.kernels.cpu.arm import arm_assembly
from tests.kernels.cpu.assembly import innermost_loops, instructions
from tests.kernels.cpu.test_targets import X86, run_forced

GCC = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
OBJDUMP = pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of the GNU binutils")
LATENCY_TIMES_RATE = {"avx512": 8, "avx2": 10, "sse": 12, "neon": 16}
"""multiply-adds in flight on the widest cores that have the target: Intel's and Zen 5's 4 x 2, Haswell's 5 x 2, a
product and a sum on Zen 6 x 2, Apple's and Neoverse V1's 4 x 4"""
X86_LINK = re.compile(r"^(?:vfmadd\w+ps|addps)\s.*%([xyz]mm\d+)$")
ARM_LINK = re.compile(r"^\s*fmla\s+(v\d+)\.4s, ", re.MULTILINE)
PRINT_LOOPS = (
    "import json; from tests.bench.test_peak import loops_here; from netspec.runtime.cpu.host import host_target;"
    "print(json.dumps([host_target().name, loops_here()]))"
)
MEASURE = "from netspec.bench import peak; print(max(peak.fma_peak_gflops(None) for _ in range(8)))"


def loops_here() -> list[list[str]]:
    """The innermost loops of the peak's kernel for the processor that this process compiles for."""
    return list(innermost_loops(instructions(compile_unit(Unit(*peak.peak_loop(host_target()))).object_file)))


def chains_of(links: list[str], target: str) -> None:
    """Every chain is lengthened in turn, and there are enough of them."""
    chains = len(set(links))
    assert chains >= LATENCY_TIMES_RATE[target]
    assert links == links[:chains] * (len(links) // chains)


@X86
@OBJDUMP
@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
def test_the_loop_keeps_enough_chains_and_their_operands_in_registers(target: str) -> None:
    if target == host_target().name:
        found = loops_here()
    elif target == "avx512":
        pytest.skip("this processor has no AVX-512")
    else:
        done = run_forced(target, "-c", PRINT_LOOPS)
        assert done.returncode == 0, done.stderr
        name, found = json.loads(done.stdout)
        assert name == target
    assert found
    for loop in found:
        assert not [text for text in loop if re.search(r"\(%r", text)]
        chains_of([match[1] for text in loop if (match := X86_LINK.match(text))], target)


def test_the_loop_keeps_enough_chains_and_their_operands_in_registers_of_arm() -> None:
    unit = Unit(*peak.peak_loop(NEON))
    assembly = arm_assembly(unit)
    found = [block for block in re.split(r"^\.?\w+:|^\s*b\.\w+\s.*$", assembly, flags=re.MULTILINE) if "fmla" in block]
    assert found
    for loop in found:
        assert not re.search(r"^\s*(ld|st|mov)\w*\s+[qv]", loop, re.MULTILINE)
        chains_of(ARM_LINK.findall(loop), "neon")


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_chains_and_operands_fit_into_the_registers(target) -> None:
    _, shape = peak.peak_loop(target)
    assert shape.rows * shape.columns + 2 <= target.registers


def test_both_loops_add_products_to_every_chain(tmp_path: Path) -> None:
    for loop, expected in ((peak.scale_chains, 2.0 * 3 + 0.5), (peak.add_to_chains, 2.0 + 3 * 0.5)):
        shape = peak.TileShape(5, 1, 4, 32)
        arena = np.full(64, 2.0, np.float32)
        arena[20:24], arena[24:28] = 3.0, 0.5
        peak.run_loop(peak.ENTRY(peak.kernel_address(loop, shape, peak.code_cache(tmp_path))), arena, 1)
        assert arena[:20] == pytest.approx(expected)


C_LOOP = """
#include <immintrin.h>
#include <stdio.h>
#include <time.h>
#define EACH(F) F(a0) F(a1) F(a2) F(a3) F(a4) F(a5) F(a6) F(a7) F(a8) F(a9) F(a10) F(a11)
#define KEEP asm volatile("" : "+x"(a0), "+x"(a1), "+x"(a2), "+x"(a3), "+x"(a4), "+x"(a5), "+x"(a6), "+x"(a7), \\
                          "+x"(a8), "+x"(a9), "+x"(a10), "+x"(a11))
#define ADD(a) a = _mm256_fmadd_ps(a, x, y);
#define DECLARE(a) __m256 a = y;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
int main(int count, char **words) {
    __m256 x = _mm256_set1_ps(0.5f * count), y = _mm256_set1_ps(0.5f * count);
    double best = 1e9;
    EACH(DECLARE)
    for (int repeat = 0; repeat < 40; repeat++) {
        double start = now();
        for (long i = 0; i < 2000000; i++) { EACH(ADD) KEEP; }
        double taken = now() - start;
        if (taken < best) best = taken;
    }
    printf("%f\\n", 2.0 * 12 * 8 * 2000000 / best / 1e9);
    return 0;
}
"""


@X86
@GCC
@pytest.mark.long  # a measurement, on a quiet machine
def test_the_peak_is_that_of_a_loop_in_c(tmp_path: Path) -> None:
    (tmp_path / "loop.c").write_text(C_LOOP)
    build = ["gcc", "-O3", "-mavx2", "-mfma", str(tmp_path / "loop.c"), "-o", str(tmp_path / "loop")]
    subprocess.run(build, check=True)
    ours, theirs = list[float](), list[float]()
    for _ in range(3):
        theirs.append(float(subprocess.run([tmp_path / "loop"], capture_output=True, check=True).stdout))
        done = run_forced("avx2", "-c", MEASURE)
        assert done.returncode == 0, done.stderr
        ours.append(float(done.stdout))
    assert max(ours) == pytest.approx(max(theirs), rel=0.05)


def test_all_threads_run_at_once_each_in_memory_of_its_own() -> None:
    inside = threading.Barrier(3, timeout=60)
    arenas: list[int] = []

    def entry(*arguments: int) -> None:
        arenas.append(arguments[3])
        inside.wait()

    with ThreadPoolExecutor(3) as pool:
        assert peak._seconds(entry, pool, 3) > 0
    assert len(set(arenas)) == 3


def test_the_peak_is_of_all_threads_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "_seconds", lambda *_: 1e-3)
    found = peak.peaks(tmp_path, 3)
    assert found["threads_gflops"] == pytest.approx(3 * found["gflops"])
    assert peak.peaks(tmp_path, 1)["threads_gflops"] == found["gflops"]
