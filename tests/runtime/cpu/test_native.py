"""Kernels as machine code."""
# pyright: basic

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import CompilerBug
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.layers.sums import sum_images
from netspec.runtime import obtain
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.compile_server import Compiler
from netspec.runtime.compile_workers import compile_units
from netspec.runtime.cpu.compilation import Unit
from netspec.runtime.cpu.native import code_cache, kernel_address
from tests.runtime.cpu.test_workers import holds_in_a_child


@kernel
def _raising(tile, arena, d, state, begin, end, thread):
    if d[0] > 0:
        raise ValueError("no")


@kernel
def _allocating(tile, arena, d, state, begin, end, thread):
    arena[0] = np.zeros(d[0], np.float32)[d[1]]


def test_a_kernel_that_may_raise_is_refused() -> None:
    with pytest.raises(CompilerBug, match="_raising may raise"):
        kernel_address(_raising, TileShape(1, 1, 16, 32), CodeCache(None))


def test_a_kernel_that_makes_objects_is_refused() -> None:
    with pytest.raises(CompilerBug, match=r"_allocating calls .*NRT_"):
        kernel_address(_allocating, TileShape(1, 1, 16, 32), CodeCache(None))


def test_a_kernel_is_linked_once() -> None:
    shape = TileShape(1, 1, 16, 32)
    assert kernel_address(sum_images, shape, CodeCache(None)) == kernel_address(sum_images, shape, CodeCache(None))


def test_each_processor_has_a_folder_of_its_own(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, netspec.runtime.cpu.native as n;print(n.code_cache(pathlib.Path(sys.argv[1]))._folder)"
    )

    def folder(**environment: str) -> str:
        run = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout

    assert folder() != folder(NUMBA_CPU_NAME="nehalem", NUMBA_CPU_FEATURES="+sse4.2")
    assert code_cache(None).load("anything") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_a_thread_compiles_can_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def slowly(units: list[Unit], compiler: Compiler[Unit]) -> Iterator[tuple[Unit, Code]]:
        begun.set()
        time.sleep(0.3)
        yield from compile_units(units, compiler)

    def address(rows: int) -> int:
        return kernel_address(sum_images, TileShape(rows, 1, 2, 32), CodeCache(None))

    monkeypatch.setattr(obtain, "compile_units", slowly)
    other = threading.Thread(target=address, args=(1,))
    other.start()
    assert begun.wait(20)
    assert holds_in_a_child(lambda: address(1) != address(2))
    other.join()
    assert address(1) != address(2)
