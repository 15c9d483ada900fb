"""Launch rows of convolutions channel by channel, and of their gradients."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Window
from netspec.ir.program import Launch, Program
from netspec.kernels.cpu.depthwise import sum_products, sum_windows
from netspec.kernels.cpu.planes import NOTHING, Ending, Planes
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.sliding import Axis, adjoint_axes, forward_axis

Phase = tuple[Axis, Axis]
"""The sums along the height and along the width."""


def depthwise_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    ending: Ending,
) -> tuple[Row, ...]:
    """y = the window's sum over x, channel by channel, and the ending."""
    return _sums(launch, program, window, x, y, (_forward(window, x, y),), ending)


def depthwise_adjoint_rows(launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes) -> tuple[Row, ...]:
    """dx = the transpose of the window's sum applied to dy, channel by channel."""
    phases = tuple(
        (vertical, horizontal)
        for vertical in adjoint_axes(window, 0, dx.height, dy.height)
        for horizontal in adjoint_axes(window, 1, dx.width, dy.width)
    )
    return _sums(launch, program, window, dy, dx, phases, NOTHING)


def depthwise_weight_gradient_rows(
    launch: Launch, program: Program, window: Window, x: Planes, dy: Planes
) -> tuple[Row, ...]:
    """dw = products of input and cotangent, channel by channel, summed over images and positions."""
    phase = _forward(window, x, dy)
    words = (*_geometry(launch, program, x, dy, (phase,)), place(launch.outputs[0]), dy.width)
    return (Row(sum_products, launch.tile, words, dy.channels),)


def _forward(window: Window, x: Planes, y: Planes) -> Phase:
    return forward_axis(window, 0, x.height, y.height), forward_axis(window, 1, x.width, y.width)


def _sums(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    phases: Sequence[Phase],
    ending: Ending,
) -> tuple[Row, ...]:
    weights = (*ending.words, place(launch.inputs[1]), window.kernel[0] * window.kernel[1], len(phases))
    each = (word for phase in phases for word in _phase(phase, phases, y, window.kernel[1]))
    words = (*_geometry(launch, program, x, y, phases), *weights, *each)
    return (Row(sum_windows, launch.tile, words, y.channels, per_group=True),)


def _geometry(launch: Launch, program: Program, x: Planes, y: Planes, phases: Sequence[Phase]) -> tuple[int, ...]:
    """The words that all phases share."""
    vertical, horizontal = phases[0]
    outputs = max(phase[0].outputs for phase in phases)
    reach = max(_reach(phase[1], launch.tile.columns) for phase in phases)
    before_y, before_x = _before(phases, 0), _before(phases, 1)
    width = max(reach, x.width) + before_x
    band, rows = _band(launch, program, phases, outputs, width)
    source = (x.place, x.group_stride, x.channel_stride, x.height, x.width)
    result = (
        y.place,
        y.group_stride,
        y.channel_stride,
        vertical.out_step * y.row_stride,
        horizontal.out_step * y.lanes,
    )
    strides = (vertical.stride, horizontal.stride)
    return (*source, *result, outputs, y.channels, *strides, -(-outputs // band), band, rows, width, before_y, before_x)


def _before(phases: Sequence[Phase], axis: int) -> int:
    """Zeros before a plane that one of the phases sees."""
    return max(0, *(phase[axis].before for phase in phases))


def _reach(axis: Axis, taps: int) -> int:
    """One behind the last position, counted from the plane's first, that a sum of `taps` taps sees."""
    return (axis.outputs - 1) * axis.stride - axis.before + taps


def _band(launch: Launch, program: Program, phases: Sequence[Phase], outputs: int, width: int) -> tuple[int, int]:
    """Rows of outputs that a band gives, and its own rows: as many as the thread's scratch holds."""
    stride, before = phases[0][0].stride, _before(phases, 0)
    taps = launch.tile.rows + before - min(phase[0].before for phase in phases)
    room = program.thread_bytes // (4 * program.target.lanes * width)
    if room < taps:
        raise CompilerBug(f"`{launch.layer}` needs {taps} rows of {width} vectors a thread, found room for {room}")
    band = min(outputs, (room - taps) // stride + 1)
    return band, (band - 1) * stride + taps


def _phase(phase: Phase, phases: Sequence[Phase], y: Planes, kernel_width: int) -> tuple[int, ...]:
    vertical, horizontal = phase
    first = vertical.out_first * y.row_stride + horizontal.out_first * y.lanes
    corner = (_before(phases, 0) - vertical.before, _before(phases, 1) - horizontal.before)
    first_tap = vertical.tap_first * kernel_width + horizontal.tap_first
    tap_steps = (vertical.tap_step * kernel_width, horizontal.tap_step)
    sizes = (first, vertical.outputs, horizontal.outputs)
    return (*sizes, *corner, first_tap, *tap_steps, vertical.taps, horizontal.taps)
