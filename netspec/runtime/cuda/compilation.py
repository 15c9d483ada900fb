"""Compilation of a kernel for a GPU's architecture: by numba-cuda to PTX, and by nvJitLink to machine code (a cubin).

Neither needs a driver or a GPU. With a warm cache numba-cuda is not imported.
"""
# pyright: basic

from __future__ import annotations

import os
import re
import sys
from dataclasses import astuple, dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import CompilerBug
from netspec.kernels.cuda.language.unit import Sizes, Unit
from netspec.runtime.cache import Code, CodeCache, user_cache, version_key
from netspec.runtime.compile_server import Compiler
from netspec.runtime.cuda.packages import check_compiler, compiler_versions
from netspec.targets.cuda.processor import capability_of

PACKAGES = ("netspec.ir", "netspec.targets", "netspec.kernels.cuda")
"""Packages whose sources, subpackages included, are part of the version, with this file: all code of kernels, and the
constants in it."""
ENTRY = re.compile(r"\.entry\s+([\w$]+)\(")
ENVIRONMENT = re.compile(r"^\.common \.global .*NumbaEnv.*\n", re.MULTILINE)
"""Variables of numba-cuda that no kernel reads, in an order and with names that change from process to process."""
USED = re.compile(r"used (\d+) registers.*?(\d+) bytes smem.*?(\d+) bytes lmem")
SPILLED = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")


@dataclass(frozen=True, slots=True)
class ArchUnit:
    """A unit for an architecture such as `sm_90`: what is compiled."""

    unit: Unit
    architecture: str

    @property
    def name(self) -> str:
        """Key in memory and in the cache: `convolution-sm_90-` and a hash of the unit's name, which may be long."""
        return f"{self.unit.kernel}-{self.architecture}-{sha256(self.unit.name.encode()).hexdigest()[:24]}"

    @property
    def kept(self) -> bool:
        """Whether it may be cached and compiled by another process: always."""
        return True

    @property
    def address(self) -> list[Any]:
        """JSON value from which `unit_at` finds it in another process."""
        kinds = [list(astuple(kind)) if isinstance(kind, Sizes) else kind for kind in self.unit.kinds]
        return [self.architecture, self.unit.kernel, self.unit.threads, kinds]


def unit_at(address: list[Any]) -> ArchUnit:
    """The unit of an `address`."""
    architecture, kernel, threads, kinds = address
    return ArchUnit(Unit(kernel, threads, tuple(_kind(kind) for kind in kinds)), architecture)


def _kind(kind: Any) -> Any:
    if isinstance(kind, str):
        return kind
    name, count, values = kind
    return Sizes(name, count, None if values is None else tuple(values))


@dataclass(frozen=True, slots=True)
class Assembled:
    """Machine code of a kernel with what a thread or a block of it takes. `local_bytes` is memory of a thread that does
    not fit into registers, spills included; `shared_bytes` is that of a block."""

    code: Code
    registers: int
    spill_bytes: int
    local_bytes: int
    shared_bytes: int


def compile_unit(each: ArchUnit) -> Code:
    """Compiles a kernel. Raises DeviceError (E597) where packages are missing."""
    cubin, _ = _linked(compile_ptx(each), each)
    return Code(symbol_of(each.unit), cubin)


def assemble(each: ArchUnit) -> Assembled:
    """As `compile_unit`, with the assembler's report, whose words are those of the pinned nvJitLink."""
    cubin, report = _linked(compile_ptx(each), each)
    used, spilled = USED.search(report), SPILLED.search(report)
    if used is None or spilled is None:
        raise CompilerBug(f"nvJitLink reports nothing of {each.name}: {report}")
    registers, shared_bytes, local_bytes = map(int, used.groups())
    return Assembled(Code(symbol_of(each.unit), cubin), registers, int(spilled[1]), local_bytes, shared_bytes)


def compile_ptx(each: ArchUnit) -> str:
    """The PTX of a kernel, with the entry `symbol_of`, the same in every process: numba-cuda's own names depend on what
    was compiled before. Raises DeviceError (E597) where packages are missing."""
    check_compiler()
    kernel = import_module("netspec.kernels.cuda.table").KERNELS[each.unit.kernel]
    signature = import_module("netspec.kernels.cuda.language.signature").signature(each.unit)
    text, _ = import_module("numba.cuda").compile(
        kernel,
        signature,
        cc=capability_of(each.architecture),
        device=False,
        abi="numba",
        output="ptx",
        launch_bounds=each.unit.launch_bounds,
    )
    entry = ENTRY.search(text)
    if entry is None:
        raise CompilerBug(f"the PTX of {each.name} has no entry")
    return ENVIRONMENT.sub("", text).replace(entry[1], symbol_of(each.unit))


def symbol_of(unit: Unit) -> str:
    """Name of a kernel in machine code: `netspec_convolution`."""
    return f"netspec_{unit.kernel}"


def _linked(ptx: str, each: ArchUnit) -> tuple[bytes, str]:
    """The cubin of PTX, and the assembler's report."""
    link, content = import_module("cuda.bindings.nvjitlink"), ptx.encode()
    options = [f"-arch={each.architecture}", "-O3", "-verbose"]
    handle = link.create(len(options), options)
    try:
        link.add_data(handle, link.InputType.PTX, content, len(content), each.unit.kernel)
        link.complete(handle)
        cubin = bytearray(link.get_linked_cubin_size(handle))
        link.get_linked_cubin(handle, cubin)
        report = bytearray(link.get_info_log_size(handle))
        link.get_info_log(handle, report)
    finally:
        link.destroy(handle)
    return bytes(cubin), report.decode(errors="replace")


def version_sources() -> dict[str, Path]:
    """Source files of the version, by package and path in it: `netspec.kernels.cuda/dense/products.py`."""
    folders = {package: Path(import_module(package).__path__[0]) for package in PACKAGES}
    sources = {
        f"{package}/{path.relative_to(folder).as_posix()}": path
        for package, folder in folders.items()
        for path in folder.rglob("*.py")
    }
    return {**sources, __name__: Path(__file__)}


def _version() -> str:
    """Hash of the sources on disk, of the compilers' versions, and of Numba's settings."""
    versions = ((package, version or "none") for package, version in compiler_versions().items())
    settings = (f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("NUMBA_"))
    return version_key(version_sources(), *map(" ".join, versions), str(sys.implementation.cache_tag), *settings)


VERSION = _version()
"""Computed at import: if sources change later, this process must not store code of the old ones under the new hash."""


def user_code() -> CodeCache:
    """Machine code of this version in the user's cache."""
    return CodeCache(user_cache() / "kernels" / VERSION)


COMPILER = Compiler(__name__, VERSION, compile_unit, unit_at)
"""numba-cuda and nvJitLink."""
