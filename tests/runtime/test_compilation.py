"""The version that names the folder of compiled kernels."""

import ast
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import netspec
from netspec.runtime.compilation import PACKAGES

ROOT = Path(netspec.__file__).parent
SOURCES = sorted(file for package in PACKAGES for file in Path(import_module(package).__path__[0]).glob("*.py"))
KNOWN = tuple(f"{package}." for package in (*PACKAGES, "netspec.diagnostics"))
"""Where such a source may import from. Of spans, messages and exceptions no kernel has anything in its code."""


def imported_modules(path: Path) -> set[str]:
    """Modules of netspec that a file imports from."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))
    return {str(node.module) for node in nodes if str(node.module).startswith("netspec")}


def version(root: Path) -> str:
    """That of the package in a folder, in a process of its own."""
    script = "from netspec.runtime.compilation import VERSION; print(VERSION)"
    return subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_kernels_may_take_constants_from_is_part_of_the_version(path: Path) -> None:
    assert {module for module in imported_modules(path) if not f"{module}.".startswith(KNOWN)} == set()


def test_another_constant_of_the_intermediate_representation_is_another_version(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "netspec", ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "netspec" / "ir" / "random.py"
    before, text = version(tmp_path), source.read_text()
    source.write_text(text.replace("\nROUNDS = 10\n", "\nROUNDS = 7\n"))
    assert source.read_text() != text
    assert version(tmp_path) != before
