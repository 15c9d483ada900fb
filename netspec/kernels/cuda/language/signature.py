"""Numba's types of the arguments of a unit."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

from numba.cuda import types

from netspec.kernels.cuda.language.unit import Kind, Sizes, Unit
from netspec.targets.cuda import sizes

KINDS: dict[Kind, Any] = {
    "float32*": types.CPointer(types.float32),
    "int32*": types.CPointer(types.int32),
    "int64*": types.CPointer(types.int64),
    "int32": types.int32,
    "uint32": types.uint32,
    "float32": types.float32,
}


def signature(unit: Unit) -> Any:
    """The signature that a unit's kernel is compiled for."""
    return types.void(*(_type(kind) for kind in unit.kinds))


def _type(kind: Kind | Sizes) -> Any:
    if not isinstance(kind, Sizes):
        return KINDS[kind]
    form = getattr(sizes, kind.name)
    if kind.values is None:
        return types.NamedUniTuple(types.int32, kind.count, form)
    return types.NamedTuple([types.literal(value) for value in kind.values], form)
