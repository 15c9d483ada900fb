"""Parts of every builder of calls: the facts it may use, scratch memory, and calls of a thread per number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from netspec.ir.graph import Node, Value
from netspec.ir.operations import IDENTITY, Activation, ActivationName, Window
from netspec.schedule.cuda import tiles
from netspec.schedule.cuda.tiles import Chooser
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Bits, Call, Given
from netspec.targets.cuda.sizes import ACTIVATIONS, Chunks, Maps, Windows

BLOCK = 256
"""Threads of a block."""
NUMBER = {function: number for number, function in enumerate(ACTIVATIONS)}


@dataclass(frozen=True, slots=True)
class Scratch:
    """float32 numbers that only one launch uses."""

    name: str
    count: int


Operand = Value | Scratch
Calls = tuple[Call[Operand], ...]
Argument = Operand | Given | Bits | tuple[int, ...] | int | float


def scratches(calls: Calls) -> tuple[Scratch, ...]:
    """The scratch arrays of calls, each once."""
    found = {argument.name: argument for call in calls for argument in call.arguments if isinstance(argument, Scratch)}
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan depends on beside the graph."""

    batch: int
    target: CudaTarget
    choose: Chooser = field(default_factory=lambda: tiles.choose)

    @property
    def blocks_wanted(self) -> int:
        """Blocks that keep all multiprocessors busy."""
        return 4 * self.target.multiprocessors


CallBuilder = Callable[[Node, Planning], Calls]
"""Builder of the calls of a node, each of which begins after the one before has finished."""


def per_number(kernel: str, count: int, *arguments: Argument) -> Call[Operand]:
    """A thread for each of `count` numbers."""
    return Call(kernel, -(-count // BLOCK), BLOCK, arguments)


def per_output(kernel: str, value: Value, planning: Planning, *arguments: Argument) -> Call[Operand]:
    """A thread for each number of a value, all images of a full minibatch counted."""
    return per_number(kernel, numbers(value, planning), *arguments)


def numbers(value: Value, planning: Planning) -> int:
    """Numbers of a value, all images of a full minibatch counted."""
    return value.elements * (planning.batch if value.batched else 1)


def maps(value: Value) -> Maps:
    """(channels, positions) of an activation; a flat one has one position a channel."""
    channels = value.shape[0] if value.shape else 1
    return Maps(channels, value.elements // channels)


def activation_number(function: ActivationName) -> int:
    """The number that kernels know an activation by."""
    return NUMBER[function]


def windows(
    window: Window, x: Value, y: Value, groups: int = 1, biased: bool = False, activation: Activation = IDENTITY
) -> Windows:
    """Sizes of a window over `x` that gives `y`."""
    (c, h, w), (k, oh, ow) = x.shape, y.shape
    (kh, kw), (stride_y, stride_x), (before_y, before_x) = window.kernel, window.stride, window.before
    dilation_y, dilation_x = window.dilation
    return Windows(
        c, h, w, k, oh, ow, kh, kw, stride_y, stride_x, before_y, before_x, dilation_y, dilation_x,
        groups, int(biased), NUMBER[activation.function],
    )  # fmt: skip


def chunks(count: int, summed: int, planning: Planning, *, least: int = BLOCK) -> Chunks:
    """A division of `count` sums of `summed` numbers each into chunks of at least `least` numbers, of which there are
    enough to keep all multiprocessors busy."""
    wanted = max(1, planning.blocks_wanted // count)
    size = max(least, -(-summed // wanted))
    return Chunks(count, -(-summed // size), size)
