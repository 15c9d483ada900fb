"""The house stands as the design says: floors, late imports, sizes of files, what an import costs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "netspec").rglob("*.py"))
OPTIONAL = {"matplotlib", "sympy", "tensorboardX", "torch", "onnx", "pooch", "rich"}
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


KINDS = ("cpu", "cuda")
BRANCH = re.compile(r"netspec\.(targets|schedule|kernels|runtime)\.(?:cpu|cuda)\b")
KNOW_A_PROCESSOR = {
    "netspec/compiler.py": "the order of the stages: one planner a kind of processor",
    "netspec/targets/target.py": "lists the kinds of processor",
    "netspec/runtime/device.py": "chooses the device; its options are kept under its kind, and a GPU may be absent",
    "netspec/runtime/__init__.py": "loads Numba before anything else may, or says why it cannot",
    "netspec/api.py": "`tuning` names a table of the CPU's costs; `compile` gives its program",
    "netspec/bench/": "measures the CPU's kernels, forecasts and judges those of a GPU",
    "netspec/cli/device_options.py": "`--tuning` names a table of the CPU's costs, `--target` a kind of GPU",
    "netspec/cli/commands/bench.py": "measures the CPU's kernels",
    "netspec/cli/commands/cache.py": "tells of the CPU's compiled kernels",
    "netspec/cli/commands/compile.py": "prints the program and the code of each kind",
    "netspec/cli/commands/count.py": "states the memory that this machine's CPU needs by default",
    "netspec/cli/commands/doctor.py": "tells what the CPU is, and what CUDA lacks",
    "netspec/cli/commands/tune.py": "measures the CPU's costs",
    "netspec/cli/show/provenance.py": "names the CPU that was measured",
    "netspec/cli/show/schedule_costs.py": "measures on the CPU",
    "netspec/cli/show/streaming.py": "measures on the CPU",
    "netspec/cli/show/suite.py": "judges a GPU",
}
"""Places outside the rooms of a processor that may import from them, and why."""


def room_of(path: Path) -> str | None:
    """The kind of processor that a source file belongs to."""
    return next((kind for kind in KINDS if f"/{kind}/" in name(path)), None)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_processor_is_known_to_its_own_rooms_and_few_others(path: Path):
    if room_of(path) or any(name(path).startswith(place) for place in KNOW_A_PROCESSOR):
        return
    assert BRANCH.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("place", KNOW_A_PROCESSOR)
def test_a_place_that_may_know_a_processor_does(place: str):
    known = [path for path in SOURCES if name(path).startswith(place) and not room_of(path)]
    assert any(BRANCH.search(path.read_text(encoding="utf-8")) for path in known)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_numba_cuda_is_imported_by_its_own_kernels_and_runtime_alone(path: Path):
    if not name(path).startswith(("netspec/kernels/cuda/", "netspec/runtime/cuda/")):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"(?m)^\s*(?:from|import) (?:numba(?:\.| import )cuda|cuda)\b", text) == []


CONFORMANCE = [*sorted((ROOT / "tests/kernels").glob("*.py")), ROOT / "tests/runtime/test_machine.py"]
OF_A_BACKEND = re.compile(rf"{BRANCH.pattern}|tests\.kernels\.(?:cpu|cuda)\b")


@pytest.mark.parametrize("path", CONFORMANCE, ids=name)
def test_the_conformance_suite_names_no_backend(path: Path):
    """`tests/kernels/backends.py` lists them by the names of their folders and imports each where it is asked for."""
    assert [found[0] for found in OF_A_BACKEND.finditer(path.read_text(encoding="utf-8"))] == []


SHARED = ("ir", "passes", "autodiff", "counting", "predict", "insight", "train", "schedule", "runtime")
OF_A_PROCESSOR = re.compile(r"(?i)\b(lanes?|simd|winograd|team|cuda|avx\w*|neon|vectors? of lanes|vector_channels)\b")
MAY_NAME = {
    "netspec/runtime/device.py": "says what `exact` leaves out, and how a device is described",
    "netspec/ir/program.py": "gives the name of a target as an example",
}
"""Shared files in which a word of one processor stands, and why."""


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_shared_code_has_no_word_of_one_processor(path: Path):
    room = name(path).split("/")[1]
    if room not in SHARED or room_of(path) or name(path) in MAY_NAME:
        return
    assert OF_A_PROCESSOR.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_functions_have_at_most_50_lines_besides_their_docstrings_and_bodies_40(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lengths = {each.name: (whole_lines(each), body_lines(each)) for each in functions}
    assert {name: found for name, found in lengths.items() if found[0] > 50 or found[1] > 40} == {}


def docstring_lines(function: ast.FunctionDef) -> int:
    first = function.body[0]
    return (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) is not None else 0


def whole_lines(function: ast.FunctionDef) -> int:
    """Lines of signature and body."""
    return (function.end_lineno or 0) - function.lineno + 1 - docstring_lines(function)


def body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if docstring_lines(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
