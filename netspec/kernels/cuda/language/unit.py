"""A kernel for given kinds of arguments: what is compiled, named without numba-cuda."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netspec.targets.cuda.program import Bits, Buffer, Call
from netspec.targets.cuda.sizes import ALWAYS_CONSTANT

Kind = Literal["float32*", "int32*", "int64*", "int32", "uint32", "float32"]
"""Kind of one argument; `*` marks an address."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """A NamedTuple of sizes, `name` in `targets/cuda/sizes.py`: compile-time constants, or with `values` None 32-bit
    arguments. Those of `ALWAYS_CONSTANT` have values in every unit."""

    name: str
    count: int
    values: tuple[int, ...] | None


RESIDENT_THREADS = 512
"""Threads that a multiprocessor can hold at least, a limit of 128 registers a thread. Kernels for all sizes, which are
for tests, have no such limit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A kernel for blocks of `threads`, compiled for `kinds`."""

    kernel: str
    threads: int
    kinds: tuple[Kind | Sizes, ...]

    @property
    def name(self) -> str:
        """Key in memory and in the cache: `convolution-256-float32*,…,Windows(1,28,28)`."""
        return f"{self.kernel}-{self.threads}-{','.join(map(_kind_name, self.kinds))}"

    @property
    def launch_bounds(self) -> tuple[int, int]:
        """Threads of a block, and how many blocks a multiprocessor can hold at least."""
        general = any(isinstance(kind, Sizes) and kind.values is None for kind in self.kinds)
        return self.threads, 1 if general else max(1, RESIDENT_THREADS // self.threads)


def unit_of(call: Call[Buffer], *, constant: bool) -> Unit:
    """The unit of a call; with `constant` sizes are compile-time constants."""
    return Unit(call.kernel, call.threads, tuple(_kind(argument, constant) for argument in call.arguments))


def _kind(argument: object, constant: bool) -> Kind | Sizes:
    match argument:
        case Buffer(value):
            return "int32*" if value.dtype == "int32" else "float32*"
        case "state":
            return "int64*"
        case "images" | int():
            return "int32"
        case Bits():
            return "uint32"
        case float():
            return "float32"
        case tuple():
            sizes: tuple[int, ...] = argument  # pyright: ignore[reportUnknownVariableType]
            fixed = constant or type(sizes) in ALWAYS_CONSTANT
            return Sizes(type(sizes).__name__, len(sizes), tuple(sizes) if fixed else None)
        case _:
            raise TypeError(f"an argument {argument!r}")


def _kind_name(kind: Kind | Sizes) -> str:
    if not isinstance(kind, Sizes):
        return kind
    return f"{kind.name}({','.join(map(str, kind.values or ()))})"
