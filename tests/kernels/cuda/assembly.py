"""Machine code of GPUs read back without one: NVVM, ptxas and nvdisasm."""

import json
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numba.cuda.compiler import _compile_pyfunc_with_fixup

import netspec
from netspec.kernels.cuda.language.signature import signature
from netspec.kernels.cuda.language.unit import Unit
from netspec.kernels.cuda.table import KERNELS
from netspec.targets.cuda.processor import CudaTarget
from tests.kernels.harness import CACHE_DIR

INSTRUCTION_BYTES = 16
LINE = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P[0-9T]+\s+)?([A-Z][A-Z0-9_a-z.]*)([^;]*);", re.MULTILINE)
BRANCH = re.compile(r"\bBRA\b")
FLOAT64 = re.compile(r"D(ADD|MUL|FMA|SETP|MNMX|MMA)\b|.*\bF64\b|MUFU\.\w*64")
SLOW_PTX = re.compile(r"\b(?:div|rem)\.[su]64|\bcall(?:\.uni)?\b")
"""Subroutines: calls, and divisions of 64-bit integers."""
EXACT_PTX = re.compile(r"\b(?:div\.rn|rcp\.rn|sqrt\.rn)(?:\.ftz)?\.f32")
SOURCES = ("kernels/cuda", "targets/cuda", "ir/random.py", "ir/augmentation.py")
"""Files below `netspec` that the code of kernels depends on."""


@dataclass(frozen=True, slots=True)
class Code:
    """A kernel's machine code: what ptxas reports, and its instructions."""

    registers: int
    stack_bytes: int
    spill_bytes: int
    shared_bytes: int
    slow: tuple[str, ...]
    """divisions of 64-bit integers and calls in the PTX"""
    divisions: int
    """exact divisions and roots in the PTX, for which ptxas calls a subroutine where operands are rare"""
    opcodes: tuple[str, ...]
    """with modifiers, in order, without the padding: `LDG.E.128.CONSTANT`"""
    jumps: tuple[tuple[int, int], ...]
    """numbers of the instructions that branches stand at and lead to"""

    def count(self, *beginnings: str) -> int:
        """Instructions whose opcode begins so."""
        return sum(opcode.startswith(beginnings) for opcode in self.opcodes)

    @property
    def vector_loads(self) -> int:
        """Loads from global memory of 8 or 16 bytes."""
        return sum(opcode.startswith("LDG") and (".64" in opcode or ".128" in opcode) for opcode in self.opcodes)

    @property
    def float64(self) -> list[str]:
        """Instructions on float64 numbers."""
        return [opcode for opcode in self.opcodes if FLOAT64.match(opcode)]

    @property
    def loops(self) -> list[tuple[str, ...]]:
        """The instructions of every loop that holds no other."""
        loops = {(to, at) for at, to in self.jumps if to < at}
        inner = (
            (first, last)
            for first, last in sorted(loops)
            if not any((a, b) != (first, last) and first <= a and b <= last for a, b in loops)
        )
        return [self.opcodes[first : last + 1] for first, last in inner]


def missing_tools() -> str | None:
    """Why code cannot be assembled here, or None."""
    absent = [name for name in ("ptxas", "nvdisasm") if _tool(name) is None]
    return f"needs {' and '.join(absent)}, of the CUDA toolkit" if absent else None


@cache
def versions() -> str:
    """Versions of all that writes machine code."""
    packages = (f"{name} {version(name)}" for name in ("numba", "numba-cuda", "nvidia-nvvm"))
    tools = (f"{name} {_tool_version(name)}" for name in ("ptxas", "nvdisasm"))
    return ", ".join((*packages, *tools))


def assembled(units: Iterable[Unit], target: CudaTarget) -> dict[str, Code]:
    """The code of units by name, from the tests' cache or put there."""
    named = {unit.name: unit for unit in units}
    found = {name: _kept(name, target) for name in named}
    absent = [named[name] for name, code in found.items() if code is None]
    made = assemble(absent, target) if absent else {}
    for name, code in made.items():
        _keep(name, target, code)
    return {name: made[name] if code is None else code for name, code in found.items()}


def assemble(units: Sequence[Unit], target: CudaTarget) -> dict[str, Code]:
    """The code of units by name, made anew."""
    with tempfile.TemporaryDirectory() as folder:
        ptx = {unit.name: _library(unit).get_asm_str(cc=target.capability) for unit in units}
        assemblies = [_assembly(text, target, Path(folder)) for text in ptx.values()]
        path = Path(folder, "code.bin")
        path.write_bytes(b"".join(code for _, code in assemblies))
        # all at once, since nvdisasm takes half a second to start
        listing = _run("nvdisasm", "--binary", target.name.upper().replace("_", ""), path).stdout
    lines = {int(match[1], 16): (match[2], match[3]) for match in LINE.finditer(listing)}
    made: dict[str, Code] = {}
    begin = 0
    for (name, text), (report, code) in zip(ptx.items(), assemblies, strict=True):
        made[name] = _code(text, report, lines, begin, begin + len(code))
        begin += len(code)
    return made


@cache
def _tool(name: str) -> str | None:
    package = find_spec("nvidia.cu13") if find_spec("nvidia") else None
    places = package.submodule_search_locations if package else None
    own = [str(Path(place, "bin")) for place in places or ()]
    return shutil.which(name, path=":".join(own)) or shutil.which(name)


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = _tool(name)
    assert tool is not None
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=True)


def _tool_version(name: str) -> str:
    text = _run(name, "--version").stdout
    found = re.search(r"V(\d+\.\d+\.\d+)", text)
    assert found is not None
    return found[1]


@cache
def _library(unit: Unit) -> Any:
    """The unit's LLVM IR, which is the same for all architectures."""
    made, _ = _compile_pyfunc_with_fixup(
        KERNELS[unit.kernel], signature(unit), cc=(8, 0), device=False, abi="numba", launch_bounds=unit.launch_bounds
    )
    return made


def _assembly(ptx: str, target: CudaTarget, folder: Path) -> tuple[str, bytes]:
    """The report of ptxas, and the instructions."""
    source, cubin = folder / "kernel.ptx", folder / "kernel.cubin"
    source.write_text(ptx, encoding="utf-8")
    report = _run("ptxas", "-v", "-arch", target.name, source, "-o", cubin).stderr
    return report, _instructions(cubin.read_bytes())


def _instructions(elf: bytes) -> bytes:
    """The one section `.text.*` of a 64-bit ELF file."""
    first, size, count, names = struct.unpack_from("<Q10xHHH", elf, 0x28)
    sections = [struct.unpack_from("<IIQQQQ", elf, first + k * size) for k in range(count)]
    strings = sections[names][4]
    (code,) = (each for each in sections if elf.startswith(b".text.", strings + each[0]))
    return elf[code[4] : code[4] + code[5]]


def _code(ptx: str, report: str, lines: Mapping[int, tuple[str, str]], begin: int, end: int) -> Code:
    places = [at for at in range(begin, end, INSTRUCTION_BYTES) if lines[at][0] != "NOP"]
    number = {at: k for k, at in enumerate(places)}
    branches = ((number[at], int(lines[at][1].split()[-1], 16)) for at in places if BRANCH.match(lines[at][0]))
    return Code(
        _reported(r"Used (\d+) registers", report),
        _reported(r"(\d+) bytes stack frame", report),
        _reported(r"(\d+) bytes spill stores", report),
        _reported(r"(\d+) bytes smem", report),
        tuple(SLOW_PTX.findall(ptx)),
        len(EXACT_PTX.findall(ptx)),
        tuple(lines[at][0] for at in places),
        tuple((at, number[to]) for at, to in branches if to in number),
    )


def _reported(pattern: str, report: str) -> int:
    found = re.search(pattern, report)
    return int(found[1]) if found else 0


@cache
def _source_hash() -> str:
    root = Path(netspec.__file__).parent
    files = sorted(file for part in SOURCES for file in (root / part, *(root / part).rglob("*.py")) if file.is_file())
    whole = sha256(Path(__file__).read_bytes() + versions().encode())
    for file in files:
        whole.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return whole.hexdigest()[:12]


def _place(name: str, target: CudaTarget) -> Path:
    return CACHE_DIR / "assembly" / _source_hash() / target.name / f"{sha256(name.encode()).hexdigest()[:16]}.json"


def _kept(name: str, target: CudaTarget) -> Code | None:
    path = _place(name, target)
    if not path.is_file():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    read["jumps"] = tuple(map(tuple, read["jumps"]))
    return Code(**{key: tuple(value) if isinstance(value, list) else value for key, value in read.items()})


def _keep(name: str, target: CudaTarget, code: Code) -> None:
    path = _place(name, target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(asdict(code), file)
    Path(file.name).replace(path)
