"""Machine code on disk: object files of kernels and host functions, and the engine that loads them into this process.

A kernel's file is found by the name of its function and a hash of its signature, so a warm process types and lowers
nothing. The folder is named by a hash of all sources that make a kernel's code; a function outside of them adds its
own file.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm
import numpy as np

import netspec
from netspec.runtime.cache import Code, CodeCache, version_key
from tests.kernels.harness import CACHE_DIR

ROOT = Path(netspec.__file__).parent
SOURCES = (ROOT / "kernels" / "cuda", ROOT / "ir", ROOT / "targets", Path(__file__).parent)
"""Folders whose sources are part of the version, test modules excepted."""
PLAIN = (int, float, str, bytes, bool, type(None))

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


def _version() -> str:
    sources = {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path
        for folder in SOURCES
        for path in folder.rglob("*.py")
        if not path.name.startswith("test_")
    }
    compilers = [f"{name}={version(name)}" for name in ("numba", "numba-cuda", "llvmlite")]
    return version_key(sources, *compilers, llvm.get_process_triple(), llvm.get_host_cpu_name(), host_features())


def host_features() -> str:
    """The features of this processor, `+avx2,-avx512f,…`."""
    return llvm.get_host_cpu_features().flatten()


CACHE = CodeCache(CACHE_DIR / "cuda_native" / _version())


def key(function: FunctionType, signature: Any, watched: bool) -> str | None:
    """The name of a kernel's file; None where its code depends on what has no name: source without a file, or captured
    values other than numbers, texts, tuples and functions."""
    identity = _identity(function)
    if identity is None:
        return None
    text = "\0".join((identity, str(signature), str(watched)))
    return f"{function.__name__}-{sha256(text.encode()).hexdigest()[:24]}"


def _identity(value: Any) -> str | None:
    """A text that differs for values that a kernel's code differs for."""
    if isinstance(value, (*PLAIN, np.generic)):
        return repr(value)
    if isinstance(value, tuple):
        return _joined(value)
    function = getattr(value, "py_func", value)  # of a device function
    if not isinstance(function, FunctionType):
        return None
    captured = [cell.cell_contents for cell in function.__closure__ or ()]
    inside = _joined([*captured, *(function.__defaults__ or ())])
    source = _own_source(function)
    if inside is None or source is None:
        return None
    return f"{function.__module__}.{function.__qualname__}{inside}{source}"


def _joined(values: Iterable[Any]) -> str | None:
    texts = [_identity(value) for value in values]
    return None if None in texts else f"({', '.join(map(str, texts))})"


def _own_source(function: FunctionType) -> str | None:
    """Hash of the file that defines the function; empty where the file is part of the version, None without a file."""
    path = Path(function.__code__.co_filename)
    if any(path.is_relative_to(folder) for folder in SOURCES) and not path.name.startswith("test_"):
        return ""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else None


@cache
def _engine() -> Any:
    """The engine that all object files are loaded into; their symbols differ."""
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def loaded(code: Code, symbol: str | None = None) -> int:
    """Loads an object file into this process; the address of its symbol."""
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.object_file))
    engine.finalize_object()
    return engine.get_function_address(symbol or code.symbol)
