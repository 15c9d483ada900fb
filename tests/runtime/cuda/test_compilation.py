"""Kernels as machine code of GPUs, without a GPU."""

import ast
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import netspec
from netspec.compiler import training_program
from netspec.diagnostics.failure import CompilerBug
from netspec.kernels.cuda.language.unit import Sizes, Unit, unit_of
from netspec.runtime import obtain
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.compile_workers import compile_units
from netspec.runtime.cuda import compilation
from netspec.runtime.cuda.compilation import (
    COMPILER,
    PACKAGES,
    ArchUnit,
    assemble,
    compile_ptx,
    compile_unit,
    symbol_of,
    unit_at,
    version_sources,
)
from netspec.targets.cuda.processor import SM_90
from tests.schedule.nets import experiment

needs_packages = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import numba_cuda, cuda.bindings"], capture_output=True).returncode != 0,
    reason="the extra `cuda` is not installed",
)
ROOT = Path(netspec.__file__).parent
SOURCES = sorted(version_sources().values())
KNOWN = tuple(f"{package}." for package in (*PACKAGES, "netspec.diagnostics", "netspec.runtime"))
"""Where such a source may import from. `compilation.py` alone takes from `netspec.runtime`: nothing that is in code."""
NET = "net t { input 1x6x6; conv 3 3x3 relu; dense 2 }\ntrain { sgd rate=0.1 }\n"
PROGRAM = training_program(experiment(NET), SM_90, 4)
CALLS = [call for launch in PROGRAM.launches for call in launch.calls]
ALL = {unit.name: unit for unit in (ArchUnit(unit_of(call, constant=True), "sm_90") for call in CALLS)}
SMALL = ("dense", "sum_all", "batch_sum", "sgd_update", "dense_input_gradient")
"""kernels that are soon compiled"""
UNITS = tuple(unit for unit in ALL.values() if unit.unit.kernel in SMALL)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_kernels_may_take_constants_from_is_part_of_the_version(path: Path) -> None:
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))
    modules = {str(node.module) for node in nodes if str(node.module).startswith("netspec")}
    assert {module for module in modules if not f"{module}.".startswith(KNOWN)} == set()


def test_an_address_finds_the_unit_again() -> None:
    run_time = ArchUnit(Unit("gather", 64, ("int64*", "float32", Sizes("Maps", 2, None))), "sm_100")
    for unit in (*UNITS, run_time):
        assert unit_at(json.loads(json.dumps(unit.address))) == unit


def test_units_of_other_sizes_and_other_architectures_have_other_names() -> None:
    kernel = UNITS[0].unit
    fewer = Unit(kernel.kernel, 64, kernel.kinds)
    units = [ArchUnit(kernel, "sm_80"), ArchUnit(kernel, "sm_90"), ArchUnit(fewer, "sm_90")]
    assert len({unit.name for unit in units}) == 3
    assert all(len(unit.name) < 100 for unit in units)


@needs_packages
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90", "sm_100"])
def test_a_kernel_is_assembled_with_a_report(architecture: str) -> None:
    made = assemble(ArchUnit(UNITS[0].unit, architecture))
    assert made.code.object_file.startswith(b"\x7fELF")
    assert made.code.symbol.encode() in made.code.object_file
    assert 8 < made.registers < 256
    assert made.spill_bytes == made.local_bytes == 0


@needs_packages
def test_a_report_in_other_words_hinders_no_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_linked", lambda ptx, each: (b"code", "ptxas of another version"))
    assert compile_unit(UNITS[0]) == Code(symbol_of(UNITS[0].unit), b"code")
    with pytest.raises(CompilerBug, match="another version"):
        assemble(UNITS[0])


@pytest.mark.slow
@needs_packages
def test_the_same_kernel_has_the_same_code_whatever_was_compiled_before() -> None:
    script = """
import sys, hashlib
from tests.runtime.cuda.test_compilation import UNITS
from netspec.runtime.cuda.compilation import compile_unit
for unit in UNITS[:int(sys.argv[1])]:
    compile_unit(unit)
print(hashlib.sha256(compile_unit(UNITS[2]).object_file).hexdigest())
"""
    runs = [subprocess.run([sys.executable, "-c", script, str(n)], capture_output=True, text=True) for n in (0, 2)]
    assert runs[0].stdout == runs[1].stdout != "", runs[0].stderr


@needs_packages
def test_ptx_is_of_the_architecture_and_names_the_kernel() -> None:
    text = compile_ptx(ArchUnit(UNITS[0].unit, "sm_80"))
    assert ".target sm_80" in text
    assert f".entry netspec_{UNITS[0].unit.kernel}(" in text


def test_code_is_compiled_once_and_again_where_it_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def compile_unit(each: ArchUnit) -> Code:
        compiled.append(each.name)
        return Code("symbol", each.name.encode())

    compiler = type(COMPILER)("none", "version", compile_unit, unit_at)
    cache, unit = CodeCache(tmp_path), UNITS[0]
    wanted = {unit.name: Code("symbol", unit.name.encode())}
    for _ in range(2):
        assert obtain.obtain([unit], cache, compiler) == wanted
    assert compiled == [unit.name]
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert obtain.obtain([unit], cache, compiler) == wanted
    assert compiled == [unit.name] * 2


WARM = """
import sys, pathlib
from netspec.runtime.cache import CodeCache
from netspec.runtime.cuda.compilation import COMPILER
from netspec.runtime.obtain import obtain
from tests.runtime.cuda.test_compilation import UNITS
print(len(obtain(UNITS[:2], CodeCache(pathlib.Path(sys.argv[1])), COMPILER)), "numba.cuda" in sys.modules)
"""


@needs_packages
def test_a_warm_cache_does_not_import_numba_cuda(tmp_path: Path) -> None:
    run = [sys.executable, "-c", WARM, str(tmp_path)]
    said = [subprocess.run(run, capture_output=True, text=True, check=True).stdout.split() for _ in range(2)]
    assert said == [["2", "True"], ["2", "False"]]


@needs_packages
def test_kernels_are_compiled_by_another_process_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_slowly(each: ArchUnit) -> Code:
        time.sleep(3)
        return Code("here", b"")

    monkeypatch.setattr("netspec.runtime.compile_workers._processors", lambda: 2)
    made = dict(compile_units(UNITS, replace(COMPILER, compile=compile_slowly)))
    assert set(made) == set(UNITS)
    there = [(unit, code) for unit, code in made.items() if code.symbol != "here"]
    assert there
    unit, code = there[0]
    assert code == COMPILER.compile(unit)


def test_another_setting_of_numba_is_another_version() -> None:
    script = "from netspec.runtime.cuda.compilation import VERSION; print(VERSION)"

    def version(**settings: str) -> str:
        run = [sys.executable, "-c", script]
        return subprocess.run(run, env=os.environ | settings, capture_output=True, text=True, check=True).stdout

    assert version() == version() != version(NUMBA_OPT="0")
