"""Kernels as machine code."""
# pyright: basic

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import CompilerBug
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.sums import sum_images
from netspec.kernels.cpu.tile import TileShape
from netspec.runtime.cache import CodeCache
from netspec.runtime.native import code_cache, kernel_address


@kernel
def _raising(tile, arena, d, state, begin, end, thread):
    if d[0] > 0:
        raise ValueError("no")


@kernel
def _allocating(tile, arena, d, state, begin, end, thread):
    arena[0] = np.zeros(d[0], np.float32)[d[1]]


def test_a_kernel_that_may_raise_is_refused() -> None:
    with pytest.raises(CompilerBug, match="_raising may raise"):
        kernel_address(_raising, TileShape(1, 1, 16), CodeCache(None))


def test_a_kernel_that_makes_objects_is_refused() -> None:
    with pytest.raises(CompilerBug, match=r"_allocating calls .*NRT_"):
        kernel_address(_allocating, TileShape(1, 1, 16), CodeCache(None))


def test_a_kernel_is_linked_once() -> None:
    shape = TileShape(1, 1, 16)
    assert kernel_address(sum_images, shape, CodeCache(None)) == kernel_address(sum_images, shape, CodeCache(None))


def test_each_processor_has_a_folder_of_its_own(tmp_path: Path) -> None:
    script = "import sys, pathlib, netspec.runtime.native as n;print(n.code_cache(pathlib.Path(sys.argv[1]))._folder)"

    def folder(**environment: str) -> str:
        run = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout

    assert folder() != folder(NUMBA_CPU_NAME="nehalem", NUMBA_CPU_FEATURES="+sse4.2")
    assert code_cache(None).load("anything") is None
