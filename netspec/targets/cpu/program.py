"""A program: launches over one memory arena, in order. A device runs it, and `netspec compile` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Node, Update, Value
from netspec.ir.operations import Operation
from netspec.targets.cpu.channels import NO_MARGINS, Margins
from netspec.targets.cpu.processor import CpuTarget


@dataclass(frozen=True, slots=True)
class Buffer:
    """Place of a value in the arena.

    A batched value is stored as `[group][shape...][lanes]`: `target.lanes` images per group. Groups are `group_stride`
    float32 numbers apart, a multiple of the lanes and never of 4096 bytes. Entries of the first axis are `plane_stride`
    apart, a vector more than their size where channels would else be a multiple of 4096 bytes apart. An unbatched value
    is row-major and has strides of 0. Offsets are multiples of 64 bytes. Two values may share a place when one is
    computed from the other in place (a Reshape, an update). `vector_channels` is the number of channels in a vector
    whose lanes hold channels, and 0 where lanes hold images; such a map may have `margins` of zeros.
    """

    value: Value
    offset_bytes: int
    size_bytes: int
    group_stride: int = 0
    plane_stride: int = 0
    vector_channels: int = 0
    margins: Margins = NO_MARGINS


@dataclass(frozen=True, slots=True)
class Tile:
    """A register tile: rows x columns vectors that stay in registers. Each kernel defines its rows and columns."""

    rows: int
    columns: int


Algorithm = Literal[
    "direct",
    "pointwise",
    "depthwise",
    "direct_taps",
    "direct_taps_by_group",
    "direct_channels",
    "winograd",
    "winograd_batched",
]
"""Algorithm of a launch. `pointwise` is a product of matrices, for 1x1 convolutions; `depthwise` streams through
planes. A direct weight gradient has the taps of a kernel row in the columns of a tile, or input channels:
`direct_taps`, for few tiles `direct_taps_by_group` with separate sums for each lane group, and `direct_channels`.
`winograd` rounds differently and is for some larger windows; `winograd_batched` transforms all tiles of a batch at
once."""
WINOGRAD: frozenset[Algorithm] = frozenset(("winograd", "winograd_batched"))


Layout = Literal["images", "channels"]
"""Contents of the lanes of batched values. Lanes of channels are for prediction on few images."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One operation on buffers. `scratch` is memory of this launch alone, shared by the team."""

    operation: Operation
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    layer: str
    tile: Tile = Tile(1, 1)
    scratch: Buffer | None = None
    algorithm: Algorithm = "direct"

    @property
    def is_packed(self) -> bool:
        """Whether its weights are packed for lanes of channels, so that their shape is not that of the layer."""
        return self.outputs[0].vector_channels > 0


@dataclass(frozen=True, slots=True)
class Constant:
    """Packed weights: `value` of a program, made of what `node` reads after its first input, which holds
    `vector_channels` channels per vector."""

    value: Value
    node: Node
    tile: Tile
    algorithm: Algorithm
    vector_channels: int


@dataclass(frozen=True, slots=True)
class Augmenting:
    """The augmentation of a minibatch as it is loaded, and its memory, which is free again when the first launch runs:
    the numbers drawn for each image, and the displacement of each pixel."""

    augmentation: Augmentation
    draws: Buffer
    displacements: Buffer | None = None


@dataclass(frozen=True)
class Program:
    """`buffers` holds the place of every named value. Parameters and states keep theirs from step to step; `inputs` are
    written by the caller (or by the gather of a minibatch), and `outputs` stay readable until the next step.

    After the `arena_bytes` every thread of the team has `thread_bytes` of its own. `peak_bytes`, the reported memory of
    a run, counts one thread.
    """

    name: str
    target: CpuTarget
    batch: int
    arena_bytes: int
    thread_bytes: int
    launches: tuple[Launch, ...]
    buffers: dict[str, Buffer]
    inputs: tuple[Value, ...]
    parameters: tuple[Value, ...]
    states: tuple[Value, ...]
    outputs: tuple[Value, ...]
    updates: tuple[Update, ...]
    augmenting: Augmenting | None = None
    layout: Layout = "images"
    constants: tuple[Constant, ...] = ()

    @property
    def peak_bytes(self) -> int:
        """Memory of the arena and of one thread's scratch."""
        return self.arena_bytes + self.thread_bytes

    @property
    def scalars(self) -> tuple[Value, ...]:
        """Inputs that are one number per step, such as the learning rate: the columns of `Rates`."""
        return tuple(value for value in self.inputs if not value.batched and value.shape == ())

    @property
    def groups(self) -> int:
        """Lane groups of a full batch."""
        return -(-self.batch // self.group_images)

    @property
    def group_images(self) -> int:
        """Images per group: as many as lanes, or one where lanes hold channels."""
        return self.target.lanes if self.layout == "images" else 1

    @property
    def description(self) -> str:
        """How it was planned, for people."""
        return f"{self.target.lanes} {self.layout} a vector; {self.thread_bytes:,} bytes more for each thread"

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Facts that only programs for vector lanes have, by name."""
        return {"lanes": self.target.lanes, "layout": self.layout, "thread_bytes": self.thread_bytes}
