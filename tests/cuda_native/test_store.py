"""Kernels on disk: what names them, and a second process that compiles nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32
from numba.cuda import types

from tests.cuda_native.run import compile_kernel
from tests.cuda_native.store import ROOT, SOURCES, key

FLOATS = types.CPointer(types.float32)
SIGNATURE = types.void(FLOATS, FLOATS)


def scaled_by(factor: Any) -> Any:
    def scaled(out, x):
        out[cuda.grid(1)] = x[cuda.grid(1)] * float32(factor)

    return scaled


def copied(out, x):
    out[cuda.grid(1)] = x[cuda.grid(1)]


def test_a_kernel_is_compiled_once_in_a_process() -> None:
    assert compile_kernel(copied, SIGNATURE) is compile_kernel(copied, SIGNATURE, watched=False)
    assert compile_kernel(copied, SIGNATURE) is not compile_kernel(copied, SIGNATURE, watched=True)
    assert compile_kernel(scaled_by(2), SIGNATURE) is compile_kernel(scaled_by(2), SIGNATURE)


def test_closures_of_one_source_are_told_apart_by_what_they_capture() -> None:
    x = np.arange(32, dtype=np.float32)
    for factor in (2, 3):
        out = np.zeros(32, np.float32)
        compile_kernel(scaled_by(factor), SIGNATURE).launch(1, 32, out, x)
        assert (out == factor * x).all()
    assert key(scaled_by(2), SIGNATURE, False) == key(scaled_by(2), SIGNATURE, False)
    values = (2, 2.0, np.float32(2), (2, 3), copied, scaled_by(2), scaled_by(3))
    names = {key(scaled_by(value), SIGNATURE, False) for value in values}
    assert len(names - {None}) == len(values)


def test_signature_and_watching_are_part_of_a_name() -> None:
    names = {
        key(copied, signature, watched)
        for signature in (SIGNATURE, types.void(FLOATS, types.CPointer(types.uint8)))
        for watched in (False, True)
    }
    assert len(names) == 4


@pytest.mark.parametrize("captured", [[1, 2], len, (1, np)])
def test_a_kernel_that_captures_an_object_is_not_kept(captured: Any) -> None:
    assert key(scaled_by(captured), SIGNATURE, False) is None


def test_a_kernel_without_a_source_file_is_not_kept() -> None:
    names: dict[str, Any] = {"cuda": cuda}
    exec("def made(out, x):\n    out[cuda.grid(1)] = x[cuda.grid(1)]", names)
    assert key(names["made"], SIGNATURE, False) is None
    out = np.zeros(4, np.float32)
    compile_kernel(names["made"], SIGNATURE).launch(1, 4, out, np.ones(4, np.float32))
    assert (out == 1).all()


def test_all_sources_of_kernels_are_part_of_the_version() -> None:
    folder = ROOT / "kernels" / "cuda"
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    imported = {Path(*name.split(".")) for name in re.findall(r"^\s*(?:from|import) netspec\.([\w.]+)", text, re.M)}
    assert imported
    for path in imported:
        assert any((ROOT / path).is_relative_to(source) for source in SOURCES) or path.parts[0] == "diagnostics", path


KERNEL = """
from numba import cuda, float32

def summed(out, x):
    s, t = cuda.shared.array(32, float32), cuda.threadIdx.x
    s[t] = x[t]
    cuda.syncthreads()
    out[t] = s[31 - t] + float32(1)
"""
SCRIPT = """
import sys
import numpy as np
from numba.cuda import types
from summing import summed
from tests.cuda_native import compilation, host
from tests.cuda_native.run import compile_kernel

def refuse(*_):
    raise SystemExit(3)

if sys.argv[1] == "warm":
    compilation.device_ir = host.njit = refuse
floats = types.CPointer(types.float32)
for watched in (False, True):
    x, out = np.arange(32, dtype=np.float32), np.zeros(32, np.float32)
    compile_kernel(summed, types.void(floats, floats), watched=watched).launch(1, 32, out, x)
    print(out.sum())
"""


def run(folder: Path, how: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT.parent), str(folder)])
    environment = os.environ | {"PYTHONPATH": paths, "NETSPEC_TEST_CACHE": str(folder / "cache")}
    command = [sys.executable, "-c", SCRIPT, how]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    (tmp_path / "summing.py").write_text(KERNEL)
    cold = run(tmp_path, "cold")
    assert cold.returncode == 0, cold.stderr
    warm = run(tmp_path, "warm")
    assert (warm.returncode, warm.stdout) == (0, cold.stdout), warm.stderr
    assert cold.stdout.split() == [str(float(sum(range(32)) + 32))] * 2
    (tmp_path / "summing.py").write_text(KERNEL.replace("float32(1)", "float32(2)"))
    assert run(tmp_path, "warm").returncode == 3
