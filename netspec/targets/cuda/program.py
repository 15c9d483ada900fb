"""A program for a GPU: launches over one memory arena, in order, each with its calls of kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Graph, Update, Value
from netspec.ir.operations import Operation
from netspec.targets.cuda.processor import CudaTarget

MOST_NUMBERS = 2**31 - 1024
"""Kernels count the numbers of an array with int32, and the last block of a call counts past its end: by up to 1023
where initial values are drawn, of which each of 256 threads makes four."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Place of a value in the arena: row-major, (batch, *shape) for a batched one. Offsets are multiples of 256 bytes.

    Two values may share a place when one is computed from the other in place (a Reshape, an update).
    """

    value: Value
    offset_bytes: int
    size_bytes: int


Given = Literal["state", "images"]
"""Arguments of every call: the address of the state words, and the number of images in the minibatch (int32)."""


@dataclass(frozen=True, slots=True)
class Bits:
    """A uint32 argument."""

    value: int


Place = TypeVar("Place")
"""Arrays of a call: `Buffer`, or before places are planned `Value` and `Scratch`."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Place]):
    """A call of the kernel that is named `kernel` in `kernels/cuda/table.py`, by `blocks` of `threads`.

    Of `arguments`, a Place is an address, a NamedTuple of ints holds sizes, an int is int32 and a float is float32.
    """

    kernel: str
    blocks: int
    threads: int
    arguments: tuple[Place | Given | Bits | tuple[int, ...] | int | float, ...]


Algorithm = Literal["plain", "tiled"]
"""Algorithm of a launch. `plain`: a thread computes an output, or a fixed tree of partial sums. `tiled`: a block
computes a tile of a matrix product from shared memory."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One operation on buffers, as calls in order. `scratch` is memory of this launch alone."""

    operation: Operation
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    layer: str
    calls: tuple[Call[Buffer], ...]
    scratch: Buffer | None = None
    algorithm: Algorithm = "plain"

    @property
    def is_packed(self) -> bool:
        """Whether its weights are packed; on a GPU they never are."""
        return False


@dataclass(frozen=True, slots=True)
class Incoming:
    """Calls that bring a minibatch and the scalars of a step into the arena, and the augmentation among them with its
    memory, which is free again when the first launch runs."""

    calls: tuple[Call[Buffer], ...]
    augmentation: Augmentation | None = None
    scratch: tuple[Buffer, ...] = ()


@dataclass(frozen=True)
class Program:
    """`buffers` holds the place of every named value. Parameters and states keep theirs from step to step; `inputs` are
    written by the caller (or by `incoming`), and `outputs` stay readable until the next step.

    A step is `incoming`, the launches and `outgoing`; a pass that collects batched outputs runs `collecting` before
    `outgoing`. `graph` is what was planned.
    """

    name: str
    graph: Graph
    target: CudaTarget
    batch: int
    arena_bytes: int
    launches: tuple[Launch, ...]
    buffers: dict[str, Buffer]
    inputs: tuple[Value, ...]
    parameters: tuple[Value, ...]
    states: tuple[Value, ...]
    outputs: tuple[Value, ...]
    updates: tuple[Update, ...]
    incoming: Incoming
    collecting: tuple[Call[Buffer], ...]
    outgoing: tuple[Call[Buffer], ...]

    @property
    def peak_bytes(self) -> int:
        """Memory of the arena."""
        return self.arena_bytes

    @property
    def scalars(self) -> tuple[Value, ...]:
        """Inputs that are one number per step, such as the learning rate: the columns of `Rates`."""
        return tuple(value for value in self.inputs if not value.batched and value.shape == ())

    @property
    def description(self) -> str:
        """How it was planned, for people."""
        calls = sum(len(launch.calls) for launch in self.launches)
        return f"{calls} calls of kernels a step, planned for {self.target.multiprocessors} multiprocessors"

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Facts that only programs for GPUs have, by name."""
        return {"multiprocessors": self.target.multiprocessors}
