"""Skips the tests of this folder where the native runner cannot work."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


def missing() -> str | None:
    """Why the runner cannot work here; None where it can. Numba alone has a module `numba.cuda` too."""
    if sys.platform != "linux":
        return "the native runner maps memory at fixed addresses, which is written for Linux"
    if find_spec("numba_cuda") is None:
        return "numba-cuda is not installed (extra `cuda`)"
    return None


class _Skipped(pytest.Module):
    """A test module that is not imported."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        pytest.skip(str(missing()), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return None if missing() is None else _Skipped.from_parent(parent, path=module_path)
