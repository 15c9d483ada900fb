"""Calls of a program with the addresses and numbers of a machine."""

from __future__ import annotations

import numpy as np

from netspec.kernels.cuda.language.unit import Sizes, Unit, unit_of
from netspec.runtime.cuda.driver import Bound
from netspec.targets.cuda.program import Bits, Buffer, Call


def bound(call: Call[Buffer], *, arena: int, state: int, images: int, constant: bool) -> Bound:
    """A call on an arena and state words at these addresses, for a minibatch of `images`; with `constant` sizes are
    constants of the kernel."""
    unit = unit_of(call, constant=constant)
    given = {"state": state, "images": images}
    words = (word for k in range(len(call.arguments)) for word in _words(call.arguments[k], unit, k, arena, given))
    return Bound(unit, call.blocks, tuple(words))


def _words(argument: object, unit: Unit, k: int, arena: int, given: dict[str, int]) -> tuple[int, ...]:
    match argument:
        case Buffer(_, offset_bytes):
            return (arena + offset_bytes,)
        case str():
            return (given[argument],)
        case Bits(value):
            return (value,)
        case float():
            return (int(np.float32(argument).view(np.uint32)),)
        case int():
            return (argument & 0xFFFFFFFF,)
        case tuple():
            kind = unit.kinds[k]
            assert isinstance(kind, Sizes)
            values: tuple[int, ...] = argument  # pyright: ignore[reportUnknownVariableType]
            return (0,) * kind.count if kind.values is not None else values
        case _:
            raise TypeError(f"an argument {argument!r}")
