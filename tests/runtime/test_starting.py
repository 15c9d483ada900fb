"""How much is compiled before a training begins: kernels and their tiles are shared by nets, and kept on disk."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netspec.resources import bundled_specs
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.native import kernel_folder
from tests.kernels.harness import CACHE_DIR

FIRST = """
net first {
    input 3x40x40
    conv 64 3x3 pad=1 relu
    pool max 2x2
    conv 128 3x3 pad=1 nobias
    batchnorm relu
    sum { conv 128 3x3 pad=1 } {} relu
    pool avg global
    dense 10
}
"""
SECOND = """
net second {
    input 1x48x56
    conv 128 3x3 pad=1 relu
    pool max 2x2
    repeat 2 {
        conv 256 3x3 pad=1 nobias
        batchnorm relu
        sum { conv 256 3x3 pad=1 } {} relu
    }
    pool avg global
    dense 100
}
"""
"""other channels, sizes, classes and layers, but operations and tiles of the first"""


def started(cache_dir: Path, target: str, batch: int, *specs: str) -> list[list[str]]:
    """What a fresh process compiles to start training each spec, one after the other."""
    command = [sys.executable, "-m", "tests.runtime.starting", str(cache_dir), target, str(batch), *specs]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_second_net_of_known_tiles_compiles_nothing(tmp_path: Path) -> None:
    ((*first,),) = started(tmp_path, "avx512", 64, FIRST)
    kept = sorted(path.stem for path in kernel_folder(tmp_path).glob("*.o"))
    assert first == kept
    assert len(first) > 20
    assert started(tmp_path, "avx512", 64, SECOND, FIRST) == [[], []]
    assert sorted(path.stem for path in kernel_folder(tmp_path).glob("*")) == kept


@pytest.mark.slow
def test_a_second_process_compiles_nothing_for_any_spec() -> None:
    names, target = bundled_specs(), host_target().name
    started(CACHE_DIR, target, 16, *names)
    assert started(CACHE_DIR, target, 16, *names) == [[] for _ in names]
