"""The house stands as the design says: floors, late imports, sizes of files, what an import costs."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "netspec").rglob("*.py"))
OPTIONAL = {"matplotlib", "sympy", "tensorboardX", "torch", "pooch", "rich"}
"""Heavy libraries that only some commands need: imported where they are used."""
LATE = {
    "netspec/__init__.py": "public names are resolved lazily",
    "netspec/cli/": "the command line imports a command's modules when asked for it",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def late_imports(path: Path) -> list[str]:
    """Modules imported inside functions of a file."""
    found: list[str] = []
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    found += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    found.append(node.module or ".")
    return found


def test_imports_keep_to_their_floors():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


test_imports_keep_to_their_floors = pytest.mark.skipif(
    not Path(sys.executable).with_name("lint-imports").exists(), reason="import-linter is not installed (extra `lint`)"
)(test_imports_keep_to_their_floors)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_import_is_late_to_dodge_a_cycle(path: Path):
    if any(name(path).startswith(place) for place in LATE):
        return
    assert [module for module in late_imports(path) if module.split(".")[0] not in OPTIONAL] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_source_file_is_longer_than_400_lines(path: Path):
    assert len(path.read_text().splitlines()) <= 400


def imported_by(*words: str) -> set[str]:
    """Top-level modules that `python …` has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}


def test_import_netspec_costs_nothing():
    assert not imported_by("-c", "import netspec") & {"numpy", "numba", "lark", "rich", "click"}


def test_check_imports_neither_numpy_nor_numba():
    assert not imported_by("-m", "netspec", "check", "vgg16") & {"numpy", "numba", "rich", "matplotlib", "PIL"}


def test_every_package_is_in_the_wheel():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    packages = {name(path.parent).replace("/", ".") for path in SOURCES if path.name == "__init__.py"}
    assert packages - set(listed) == set()
