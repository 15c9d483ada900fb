"""Code of functions, from the cache or compiled and stored there."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.compile_server import Compiler, Function
from netspec.runtime.compile_workers import compile_units


def obtain(units: Sequence[Function], cache: CodeCache, compiler: Compiler[Function]) -> dict[str, Code]:
    """Code by name. Functions missing in the cache are compiled by several processes in parallel.

    Raises CompilerBug and DeviceError as the compiler does.
    """
    found = {unit.name: cache.load(unit.name) if unit.kept else None for unit in units}
    missing = {unit.name: unit for unit in units if found[unit.name] is None}
    made: dict[str, Code] = {}
    for unit, code in compile_units(tuple(missing.values()), compiler):
        made[unit.name] = code
        if unit.kept:
            cache.store(unit.name, code)
    return {name: code for name, code in found.items() if code is not None} | made
