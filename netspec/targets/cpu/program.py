"""A program: launches over one memory arena, in order. What a device runs, and what `netspec compile` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Node, Update, Value
from netspec.ir.operations import Operation
from netspec.targets.cpu.processor import CpuTarget


@dataclass(frozen=True, slots=True)
class Buffer:
    """Where a value lies in the arena.

    A batched value is stored as `[group][shape...][lanes]`: `target.lanes` images a group, groups `group_stride`
    float32 numbers apart (a multiple of the lanes, never a multiple of 4096 bytes apart), and entries of the first
    axis `plane_stride` apart, which is a vector more than they need where that keeps channels from being a multiple
    of 4096 bytes apart. An unbatched value is plain row-major and has strides of 0. Offsets are multiples of 64
    bytes. Two values may share a place when one is made from the other in place (a Reshape, an update).
    `vector_channels` are the channels of a vector whose lanes hold channels, and 0 where lanes hold images.
    """

    value: Value
    offset_bytes: int
    size_bytes: int
    group_stride: int = 0
    plane_stride: int = 0
    vector_channels: int = 0


@dataclass(frozen=True, slots=True)
class Tile:
    """A register tile: rows x columns vectors that stay in registers. What rows and columns are, the kernel says."""

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
"""How a launch computes what its operation means. `pointwise` is a product of matrices, for convolutions of 1x1
windows; `depthwise` streams through planes, for those channel by channel. A weight gradient done as it is defined has
the taps of a kernel's row in a tile's columns, or input channels: `direct_taps`, for few tiles `direct_taps_by_group`
with the sums of each lane group apart, and `direct_channels`. `winograd` rounds differently and is for some larger
windows; `winograd_batched` takes all patches of a batch at once."""
WINOGRAD: frozenset[Algorithm] = frozenset(("winograd", "winograd_batched"))


Layout = Literal["images", "channels"]
"""What the lanes of batched values hold. Lanes of channels are for prediction on few images."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One operation on buffers. `scratch` is memory that only this launch uses, shared by the team."""

    operation: Operation
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    layer: str
    tile: Tile = Tile(1, 1)
    scratch: Buffer | None = None
    algorithm: Algorithm = "direct"

    @property
    def is_packed(self) -> bool:
        """Whether its weights are packed for lanes of channels, so that their shape says nothing."""
        return self.outputs[0].vector_channels > 0


@dataclass(frozen=True, slots=True)
class Constant:
    """Packed weights, `value` of a program, made of what `node` reads after its first input, which holds
    `vector_channels` channels a vector."""

    value: Value
    node: Node
    tile: Tile
    algorithm: Algorithm
    vector_channels: int


@dataclass(frozen=True, slots=True)
class Augmenting:
    """What is done to images while a minibatch comes in, and memory for it that is free again when the first launch
    runs: the numbers drawn for each image, and how far each pixel is displaced."""

    augmentation: Augmentation
    draws: Buffer
    displacements: Buffer | None = None


@dataclass(frozen=True)
class Program:
    """`buffers` holds every named value's place. Parameters and states keep theirs from step to step; `inputs` are
    written by the caller (or by the gather of a minibatch) and `outputs` stay readable until the next step.

    Behind the `arena_bytes` every thread of the team has `thread_bytes` of its own. `peak_bytes`, what a run is said
    to need, counts one thread.
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
        """Inputs that are one number a step, such as the learning rate: the columns of what a call is told of each of
        its steps."""
        return tuple(value for value in self.inputs if not value.batched and value.shape == ())

    @property
    def groups(self) -> int:
        """Lane groups of a full batch."""
        return -(-self.batch // self.group_images)

    @property
    def group_images(self) -> int:
        """Images of a group: as many as lanes, or one where lanes hold channels."""
        return self.target.lanes if self.layout == "images" else 1

    @property
    def description(self) -> str:
        """How it was planned, for people."""
        return f"{self.target.lanes} {self.layout} a vector; {self.thread_bytes:,} bytes more for each thread"

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What only programs of processors with vector lanes have, by name."""
        return {"lanes": self.target.lanes, "layout": self.layout, "thread_bytes": self.thread_bytes}
