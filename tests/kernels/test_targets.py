"""The same kernels for other processors: compiled for them by Numba's options and run here, or only assembled."""

import json
import os
import re
import shutil
import subprocess
import sys

import llvmlite.binding as llvm
import pytest

from netspec.ir.target import NEON
from netspec.kernels.cpu import depthwise
from netspec.kernels.cpu.rows import Kernel
from netspec.kernels.cpu.tile import TileShape
from netspec.runtime.compilation import Unit
from netspec.runtime.host import host_target
from tests.kernels.tiling import TILED

X86 = pytest.mark.skipif(host_target().name == "neon", reason="forces processors of x86")
ACCUMULATE = re.compile(r"^\s*fmla\s+v\d+\.4s", re.MULTILINE)


@X86
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of the GNU binutils")
@pytest.mark.parametrize(
    ("name", "features", "target", "registers"),
    [
        ("haswell", "+avx,+avx2,+fma,+sse4.2", "avx2", ["xmm", "ymm"]),
        ("nehalem", "+sse4.2", "sse", ["xmm"]),
    ],
)
def test_a_forced_processor_gets_its_own_lanes_and_registers(
    name: str, features: str, target: str, registers: list[str]
) -> None:
    if host_target().name == "sse" and target == "avx2":
        pytest.skip("this processor has no AVX2")
    forced = os.environ | {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
    command = [sys.executable, "-m", "tests.kernels.forced"]
    done = subprocess.run(command, env=forced, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"target": target, "registers": registers, "stack": []}


@pytest.mark.parametrize(("kernel", "rows", "columns"), [*TILED, (depthwise.sum_windows, 3, 3)])
def test_kernels_assemble_for_arm(kernel: Kernel, rows: int, columns: int) -> None:
    unit = Unit(kernel, TileShape(rows, columns, NEON.lanes))
    kernel.compile(unit.arguments)
    assembly = assemble_for_arm(kernel.inspect_llvm(unit.arguments))
    assert len(ACCUMULATE.findall(assembly)) >= rows * columns


def assemble_for_arm(module: str) -> str:
    """The assembly of a module of LLVM's language, made for this processor, on a 64-bit ARM."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this LLVM knows no ARM")
    machine = target.create_target_machine(cpu="neoverse-n1", opt=3)
    parsed = llvm.parse_assembly(_without_host(module))
    parsed.triple, parsed.data_layout = machine.triple, str(machine.target_data)
    return machine.emit_assembly(parsed)


def _without_host(module: str) -> str:
    """The module without what names the processor it was made for."""
    text = re.sub(r"^target (triple|datalayout) = .*$", "", module, flags=re.MULTILINE)
    return re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
