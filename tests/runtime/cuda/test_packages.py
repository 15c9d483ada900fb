"""Packages of the extra `cuda`, present or missing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cuda import packages

HIDING = """
import sys
class Hider:
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("numba_cuda", "cuda"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hider())
"""
OPENING = (
    HIDING
    + """
from netspec.diagnostics.failure import DeviceError
from netspec.runtime.device import DeviceChoice, open_device
try:
    open_device(DeviceChoice(kind="cuda"))
except DeviceError as error:
    print(error.code, error.message, *error.helps, sep="|")
print("numba_cuda" in sys.modules)
"""
)


@pytest.fixture(autouse=True)
def _asked_again() -> Iterator[None]:
    packages.check_compiler.cache_clear()
    yield
    packages.check_compiler.cache_clear()


def test_without_packages_a_gpu_is_not_opened_and_the_install_line_is_said() -> None:
    begun = time.monotonic()
    run = [sys.executable, "-c", OPENING]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    missing = "numba-cuda, cuda-bindings, cuda-pathfinder are not installed"
    assert said == [f"E597|{missing}|`pip install 'netspec[cuda]'`", "False"]
    assert time.monotonic() - begun < 30  # a hang, not a bound of its time


def test_a_missing_library_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name == "nvvm":
            raise RuntimeError("libnvvm.so.4 is not there")

    monkeypatch.setattr(packages, "check_packages", lambda: None)
    monkeypatch.setattr(packages, "import_module", lambda name: SimpleNamespace(load_nvidia_dynamic_lib=load))
    with pytest.raises(DeviceError, match="nvidia-nvvm is not installed") as caught:
        packages.check_compiler()
    assert caught.value.code == "E597"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (SimpleNamespace(__file__="numba/cuda/__init__.py"), "numba's own old target: `numba/cuda/__init__.py`"),
        (SimpleNamespace(implementation="NVIDIA", config=SimpleNamespace(ENABLE_CUDASIM=True)), "NUMBA_ENABLE_CUDASIM"),
    ],
)
def test_another_target_in_the_place_of_numba_cuda_is_refused(
    target: SimpleNamespace, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.load_nvidia_dynamic_lib = lambda name: None
    monkeypatch.setattr(packages, "check_packages", lambda: None)
    monkeypatch.setattr(packages, "import_module", lambda name: target)
    with pytest.raises(DeviceError, match=message) as caught:
        packages.check_compiler()
    assert caught.value.code == "E597"


def test_versions_of_missing_packages_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "COMPILERS", ("numpy", "no-such-package"))
    assert packages.compiler_versions() == {"numpy": np.__version__, "no-such-package": None}


def test_numbas_own_target_is_found_where_numba_cuda_does_not_replace_it(tmp_path: Path) -> None:
    pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")
    script = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "NumbaCudaFinder"]
from netspec.runtime.cuda.packages import check_compiler
try:
    check_compiler()
except Exception as error:
    print(error.code, error.message)
"""
    run = [sys.executable, "-W", "ignore", "-c", script]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.startswith(
        "E597 `numba.cuda` is numba"
    )
