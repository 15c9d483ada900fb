"""The GPU's driver on the real cuda.bindings, with a null driver in the place of CUDA's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.cuda.on_null_driver import CALLS

pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the null driver is a library of Linux"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler builds the null driver"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, source = tmp_path_factory.mktemp("null"), Path(__file__).parent / "null_driver.c"
    build = ["cc", "-O1", "-w", "-shared", "-fPIC", "-o", folder / "libcuda.so.1", source, "-ldl"]
    subprocess.run(build, check=True)
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder)}
    run = [sys.executable, "-m", "tests.runtime.cuda.on_null_driver"]
    done = subprocess.run(run, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_device_is_what_the_driver_says(seen: dict[str, Any]) -> None:
    assert (seen["name"], seen["target"]) == ("Null GPU", "sm_90")


def test_arrays_come_back_as_they_went(seen: dict[str, Any]) -> None:
    assert seen["same"]


def test_every_launch_has_its_grid_and_its_parameters(seen: dict[str, Any]) -> None:
    assert seen["launches"] == 37 * CALLS
    assert seen["sum"] == 37 * CALLS * (3 * 64 + 1000)


def test_too_little_memory_is_told_by_its_code(seen: dict[str, Any]) -> None:
    assert seen["code"] == "E588"


def test_a_launch_in_a_captured_step_costs_the_host_less_than_a_call_of_python(seen: dict[str, Any]) -> None:
    assert seen["seconds_a_launch"] < seen["seconds_a_call"]
