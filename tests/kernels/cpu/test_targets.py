"""The same kernels for other processors: compiled for them by Numba's options and run here, or only assembled."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from netspec.kernels.cpu.language.rows import Kernel
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.sliding import depthwise
from netspec.resources import bundled_specs
from netspec.runtime.cpu.compilation import Unit
from netspec.runtime.cpu.host import host_target
from netspec.targets.cpu.processor import NEON
from netspec.targets.cpu.program import Algorithm
from tests.conftest import Golden
from tests.kernels.cpu.arm import arm, arm_assembly
from tests.kernels.cpu.test_assembly import units
from tests.kernels.cpu.test_steps import eager, step_program
from tests.kernels.cpu.tiling import TILED

X86 = pytest.mark.skipif(host_target().name == "neon", reason="forces processors of x86")
OBJDUMP = pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of the GNU binutils")
PROCESSORS = {"avx2": ("haswell", "+avx,+avx2,+fma,+sse4.2"), "sse": ("nehalem", "+sse4.2")}
"""name and features of a processor for a target"""
ACCUMULATE = re.compile(r"^\s*fmla\s+v\d+\.4s", re.MULTILINE)
CALL = re.compile(r"^\s*bl\s+(\w+)", re.MULTILINE)


@X86
@OBJDUMP
@pytest.mark.slow  # some eighty kernels for each processor, all compiled
@pytest.mark.parametrize(("target", "registers"), [("avx2", ["xmm", "ymm"]), ("sse", ["xmm"])])
def test_a_forced_processor_gets_its_own_lanes_and_registers(target: str, registers: list[str]) -> None:
    done = run_forced(target, "-m", "tests.kernels.cpu.forced")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    seldom = {"direct_taps_by_group", "winograd_batched"}
    assert {*get_args(Algorithm)} - seldom <= {*told.pop("algorithms")}
    assert told == {"target": target, "registers": registers, "stack": []}


@X86
@OBJDUMP
@pytest.mark.long
@pytest.mark.parametrize("target", ["avx2", "sse"])
def test_no_kernel_of_a_spec_has_accumulators_on_the_stack_of_a_forced_processor(target: str) -> None:
    name = "test_no_kernel_of_a_spec_has_accumulators_on_the_stack"
    path = str(Path(__file__).parent / "test_assembly.py")
    done = run_forced(target, "-m", "pytest", path, "-k", name, "-m", "slow", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert f"{len(bundled_specs())} passed" in done.stdout


@X86
@OBJDUMP
@pytest.mark.slow  # every kernel is compiled, none is taken from a cache
def test_the_inner_loops_of_avx2_are_those_of_the_table(golden: Golden, request: pytest.FixtureRequest) -> None:
    """Read what it shows when it changes: instructions beside products, and vectors on the stack, cost time."""
    told_as_in_the_table("loops_avx2.txt", run_forced("avx2", "-m", "tests.kernels.cpu.loops"), golden, request)


@pytest.mark.slow
def test_the_inner_loops_of_neon_are_those_of_the_table(golden: Golden, request: pytest.FixtureRequest) -> None:
    arm()
    command = [sys.executable, "-m", "tests.kernels.cpu.loops", "neon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    told_as_in_the_table("loops_neon.txt", done, golden, request)


def told_as_in_the_table(
    name: str, done: subprocess.CompletedProcess[str], golden: Golden, request: pytest.FixtureRequest
) -> None:
    """Skips where the table is of another LLVM."""
    assert done.returncode == 0, done.stderr
    path = request.path.parent / "golden" / name
    kept, found = path.read_text(encoding="utf-8") if path.is_file() else "", done.stdout
    if kept.partition("\n")[0] != found.partition("\n")[0] and not request.config.getoption("--update-golden"):
        pytest.skip(f"the table is of {kept.partition(chr(10))[0]}")
    golden(path, found)


def run_forced(target: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What Python does with these words where Numba takes this processor for one with a target."""
    if host_target().name == "sse" and target == "avx2":
        pytest.skip("this processor has no AVX2")
    name, features = PROCESSORS[target]
    forced = os.environ | {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
    command = [sys.executable, *words]
    return subprocess.run(command, env=forced, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.parametrize(("kernel", "rows", "columns"), [*TILED, (depthwise.sum_windows, 3, 3)])
def test_kernels_assemble_for_arm(kernel: Kernel, rows: int, columns: int) -> None:
    unit = Unit(kernel, TileShape(rows, columns, NEON.lanes, NEON.registers))
    assembly = arm_assembly(unit)
    assert len(ACCUMULATE.findall(assembly)) >= rows * columns


@pytest.mark.slow
def test_a_step_of_a_net_with_nearly_every_layer_assembles_for_arm() -> None:
    found = units(step_program("cross_entropy", NEON)) | units(step_program("cross_entropy", eager(NEON)))
    for name, unit in found.items():
        assembly = arm_assembly(unit)
        assert {*CALL.findall(assembly)} <= {"memset"}, name
