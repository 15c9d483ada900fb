"""How many products a launch cannot do without, which bounds its time from below.

`ir/counts.py` counts sums as they are defined. A direct algorithm may leave out taps that fall on padding, and
Winograd's does fewer products than the sum that it stands for.
"""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.counts import launch_macs
from netspec.ir.graph import Node
from netspec.ir.operations import Window
from netspec.ir.pooled import sum_of
from netspec.ir.program import Launch
from netspec.targets.cpu.program import WINOGRAD, Program
from netspec.targets.cpu.program import Launch as CpuLaunch
from netspec.targets.cpu.winograd_tiles import INPUT_TILE

Shape = tuple[int, ...]


def launch_flops(launch: Launch, batch: int) -> int:
    """Twice the multiply-adds of a launch, as its sum is defined, over all images of a batch."""
    return 2 * batch * launch_macs(launch)


def least_flops(launch: CpuLaunch, batch: int) -> int:
    """Twice the products that the launch does at least over all images of a batch."""
    if launch.algorithm in WINOGRAD:
        return round(launch_flops(launch, batch) / products_saved(launch))
    return least_direct_flops(launch, batch)


def least_direct_flops(launch: Launch, batch: int) -> int:
    """The same of a sum that is done as it is defined."""
    real, all_taps = _real_taps(launch)
    return launch_flops(launch, batch) * real // all_taps


def program_least_flops(program: Program) -> int:
    """Of all launches of a program."""
    return sum(least_flops(launch, program.batch) for launch in program.launches)


def products_saved(launch: CpuLaunch) -> float:
    """How many products of the definition one product stands for: 4 for 3x3 windows by Winograd's algorithm, 1 where
    the definition is followed."""
    operation = launch.operation
    match operation.convolution if isinstance(operation, ops.PooledConvolution) else operation:
        case ops.Convolution(window) | ops.ConvolutionInputGradient(window) | ops.ConvolutionWeightGradient(window) if (
            launch.algorithm in WINOGRAD
        ):
            taps = window.kernel[0]
            return ((INPUT_TILE - taps + 1) * taps / INPUT_TILE) ** 2
        case _:
            return 1.0


def _real_taps(launch: Launch) -> tuple[int, int]:
    """Of one channel's windows at all positions: the taps that lie on pixels of the map, and all taps."""
    slid = _slid(launch)
    if slid is None:
        return 1, 1
    window, large, small = slid
    real = all_taps = 1
    for axis in (0, 1):
        real *= real_taps(window, axis, large[1 + axis], small[1 + axis])
        all_taps *= window.kernel[axis] * small[1 + axis]
    return real, all_taps


def real_taps(window: Window, axis: int, size: int, positions: int) -> int:
    """Pairs of a position of the window and a tap that lies inside an axis of `size` pixels."""
    stride, before, dilation = window.stride[axis], window.before[axis], window.dilation[axis]
    found = 0
    for tap in range(window.kernel[axis]):
        offset = tap * dilation - before
        first, last = max(0, -(offset // stride)), min(positions - 1, (size - 1 - offset) // stride)
        found += max(0, last - first + 1)
    return found


def _slid(launch: Launch) -> tuple[Window, Shape, Shape] | None:
    """The window of a sum over windows, the shape of the map that it slides over, and that of the map with a number a
    position; None for what slides nothing."""
    inputs, outputs = (tuple(buffer.value for buffer in buffers) for buffers in (launch.inputs, launch.outputs))
    node = sum_of(Node(launch.operation, inputs, outputs, launch.layer))
    first, result = node.inputs[0].shape, node.outputs[0].shape
    match node.operation:
        case ops.Convolution(window) | ops.Local(window):
            return window, first, result
        case ops.ConvolutionInputGradient(window) | ops.LocalInputGradient(window) | ops.Deconvolution(window):
            return window, result, first
        case ops.ConvolutionWeightGradient(window) | ops.LocalWeightGradient(window):
            return window, first, node.inputs[1].shape
        case _:
            return None
