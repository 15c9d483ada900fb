"""Launch rows of depthwise convolutions and of their gradients."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.planes import NO_EPILOGUE, Epilogue, Planes
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.sliding.depthwise import Bands, Phase, WindowProducts, WindowSums, sum_products, sum_windows
from netspec.kernels.cpu.sliding.geometry import Axis, adjoint_axes, forward_axis
from netspec.targets.cpu.program import Launch, Program

Axes = tuple[Axis, Axis]
"""The sums along height and width of a phase."""


def depthwise_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    epilogue: Epilogue,
) -> tuple[Row, ...]:
    """y = the sum over the windows of x, channel by channel, and the epilogue."""
    return _sums(launch, program, window, x, y, (_forward(window, x, y),), epilogue)


def depthwise_adjoint_rows(launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes) -> tuple[Row, ...]:
    """dx = the transpose of the window sum applied to dy, channel by channel."""
    phases = tuple(
        (vertical, horizontal)
        for vertical in adjoint_axes(window, 0, dx.height, dy.height)
        for horizontal in adjoint_axes(window, 1, dx.width, dy.width)
    )
    return _sums(launch, program, window, dy, dx, phases, NO_EPILOGUE)


def depthwise_weight_gradient_rows(
    launch: Launch, program: Program, window: Window, x: Planes, dy: Planes
) -> tuple[Row, ...]:
    """dw = products of input and cotangent, channel by channel, summed over images and positions."""
    bands = _bands(launch, program, x, dy, (_forward(window, x, dy),))
    words = WindowProducts(bands=bands, dw=place(launch.outputs[0]), out_width=dy.width)
    return (Row(sum_products, launch.tile, words, dy.channels),)


def _forward(window: Window, x: Planes, y: Planes) -> Axes:
    return forward_axis(window, 0, x.height, y.height), forward_axis(window, 1, x.width, y.width)


def _sums(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    phases: Sequence[Axes],
    epilogue: Epilogue,
) -> tuple[Row, ...]:
    words = WindowSums(
        bands=_bands(launch, program, x, y, phases),
        bias=epilogue.bias,
        activation=epilogue.code,
        weights=place(launch.inputs[1]),
        w_channel=window.kernel[0] * window.kernel[1],
        count=len(phases),
        phases=tuple(_phase(phase, phases, y, window.kernel[1]) for phase in phases),
    )
    return (Row(sum_windows, launch.tile, words, y.channels, per_group=True),)


def _bands(launch: Launch, program: Program, x: Planes, y: Planes, phases: Sequence[Axes]) -> Bands:
    """The words shared by all phases."""
    vertical, horizontal = phases[0]
    outputs = max(phase[0].outputs for phase in phases)
    reach = max(_reach(phase[1], launch.tile.columns) for phase in phases)
    before_x = _before(phases, 1)
    width = max(reach, x.width) + before_x
    band, rows = _band(launch, program, phases, outputs, width)
    return Bands(
        x=x.place,
        x_group=x.group_stride,
        x_channel=x.channel_stride,
        height=x.height,
        width=x.width,
        y=y.place,
        y_group=y.group_stride,
        y_channel=y.channel_stride,
        y_row=vertical.out_step * y.row_stride,
        y_column=horizontal.out_step * y.lanes,
        out_height=outputs,
        channels=y.channels,
        stride_y=vertical.stride,
        stride_x=horizontal.stride,
        bands=-(-outputs // band),
        band=band,
        band_rows=rows,
        band_width=width,
        before_y=_before(phases, 0),
        before_x=before_x,
    )


def _before(phases: Sequence[Axes], axis: int) -> int:
    """Zeros before a plane that any phase reads."""
    return max(0, *(phase[axis].before for phase in phases))


def _reach(axis: Axis, taps: int) -> int:
    """One past the last position, from the plane's first, that a sum of `taps` taps reads."""
    return (axis.outputs - 1) * axis.stride - axis.before + taps


def _band(launch: Launch, program: Program, phases: Sequence[Axes], outputs: int, width: int) -> tuple[int, int]:
    """Output rows of a band, and its own rows: as many as the thread's scratch holds."""
    stride, before = phases[0][0].stride, _before(phases, 0)
    taps = launch.tile.rows + before - min(phase[0].before for phase in phases)
    room = program.thread_bytes // (FLOAT_BYTES * program.target.lanes * width)
    if room < taps:
        raise CompilerBug(f"`{launch.layer}` needs {taps} rows of {width} vectors a thread, found room for {room}")
    band = min(outputs, (room - taps) // stride + 1)
    return band, (band - 1) * stride + taps


def _phase(phase: Axes, phases: Sequence[Axes], y: Planes, kernel_width: int) -> Phase:
    vertical, horizontal = phase
    return Phase(
        out=vertical.out_first * y.row_stride + horizontal.out_first * y.lanes,
        height=vertical.outputs,
        width=horizontal.outputs,
        row=_before(phases, 0) - vertical.before,
        column=_before(phases, 1) - horizontal.before,
        first_tap=vertical.tap_first * kernel_width + horizontal.tap_first,
        tap_row=vertical.tap_step * kernel_width,
        tap_column=horizontal.tap_step,
        taps_y=vertical.taps,
        taps_x=horizontal.taps,
    )
