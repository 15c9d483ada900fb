"""The version that names the folder of compiled kernels."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import netspec
from netspec.runtime.cpu.compilation import PACKAGES, Unit, version_sources

ROOT = Path(netspec.__file__).parent
SOURCES = sorted(version_sources().values())
KNOWN = tuple(f"{package}." for package in (*PACKAGES, "netspec.diagnostics"))
"""Where such a source may import from. Of spans, messages and exceptions no kernel has anything in its code."""

ROUTINE = """
import numpy as np
from netspec.kernels.cpu.language.jit import routine

@routine
def number():
    return np.float32(2.0)
"""
KERNEL = """
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.within.deeper.numbers import number

@kernel
def put(tile, arena, d, state, begin, end, thread):
    arena[0] = number()
"""
RUN = """
import sys, ctypes, pathlib
from netspec.kernels.cpu.put import put
from netspec.kernels.cpu.language.tile import TileShape
from netspec.runtime.cpu.native import code_cache, kernel_address
address = kernel_address(put, TileShape(1, 1, 4, 32), code_cache(pathlib.Path(sys.argv[1])))
call = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 6, *[ctypes.c_int64] * 3)(address)
result, arena = ctypes.c_void_p(), (ctypes.c_float * 1)()
call(ctypes.byref(result), None, None, arena, None, None, 0, 1, 0)
print(arena[0])
"""
"""Calls a kernel as the driver does, by way of the cache in a folder."""


def imported_modules(path: Path) -> set[str]:
    """Modules of netspec that a file imports from."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))
    return {str(node.module) for node in nodes if str(node.module).startswith("netspec")}


def printed(root: Path, script: str, *arguments: str) -> str:
    """What a script prints with the package in a folder, in a process of its own."""
    run = [sys.executable, "-c", script, *arguments]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.run(run, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def version(root: Path) -> str:
    """That of the package in a folder."""
    return printed(root, "from netspec.runtime.cpu.compilation import VERSION; print(VERSION)")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    shutil.copytree(ROOT, tmp_path / "netspec", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_kernels_may_take_constants_from_is_part_of_the_version(path: Path) -> None:
    assert {module for module in imported_modules(path) if not f"{module}.".startswith(KNOWN)} == set()


def test_another_constant_of_the_intermediate_representation_is_another_version(copied: Path) -> None:
    source = copied / "netspec" / "ir" / "random.py"
    before, text = version(copied), source.read_text()
    source.write_text(text.replace("\nROUNDS = 10\n", "\nROUNDS = 7\n"))
    assert source.read_text() != text
    assert version(copied) != before


def test_a_kernel_is_compiled_again_when_a_routine_in_a_nested_package_changes(copied: Path, tmp_path: Path) -> None:
    kernels, cache = copied / "netspec" / "kernels" / "cpu", str(tmp_path / "cache")
    nested = kernels / "within" / "deeper"
    nested.mkdir(parents=True)
    for package in (nested.parent, nested):
        (package / "__init__.py").touch()
    (kernels / "put.py").write_text(KERNEL)
    (nested / "numbers.py").write_text(ROUTINE)
    assert printed(copied, RUN, cache) == "2.0"
    (nested / "numbers.py").write_text(ROUTINE.replace("2.0", "3.0"))
    assert printed(copied, RUN, cache) == "3.0"


def test_a_function_of_a_nested_package_is_part_of_the_version() -> None:
    def function() -> None: ...

    function.__module__ = f"{PACKAGES[1]}.within.deeper"
    assert Unit(SimpleNamespace(py_func=function)).name == f"{function.__module__}.{function.__qualname__}"
