"""Launch rows of convolution and its gradients, as functions of plain numbers, shared with other operations."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Activation, Window
from netspec.ir.shapes import window_output
from netspec.kernels.cpu.language.planes import (
    IN_REGISTERS,
    NO_EPILOGUE,
    UNPOOLED,
    Epilogue,
    Planes,
    Pooling,
    epilogue_of,
    planes,
)
from netspec.kernels.cpu.language.rows import Row, after_copying, place, where
from netspec.kernels.cpu.layers.activations import activation_row
from netspec.kernels.cpu.sliding.convolution import NOT_POOLED, Pooled, Slide, slide
from netspec.kernels.cpu.sliding.depthwise_rows import depthwise_adjoint_rows, depthwise_rows
from netspec.kernels.cpu.sliding.geometry import Axis, adjoint_axes, forward_axis
from netspec.kernels.cpu.sliding.packing import Packed, Weights
from netspec.kernels.cpu.sliding.pointwise_rows import pointwise_adjoint_rows, pointwise_rows
from netspec.kernels.cpu.winograd.rows import winograd_adjoint_rows, winograd_rows
from netspec.targets.cpu.program import WINOGRAD, Buffer, Launch, Program
from netspec.targets.cpu.strips import strip_stride


def convolution_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Convolution: pack, slide, and a pass for an activation that cannot be applied in registers."""
    op = launch.operation
    assert isinstance(op, ops.Convolution)
    x, w, *bias = launch.inputs
    weights, y = _weights(w, op.groups), launch.outputs[0]
    source, result, after = planes(x, program), planes(y, program), epilogue_of(bias, op.activation)
    if launch.algorithm in WINOGRAD:
        rows = winograd_rows(launch, program, op.window, source, result, after)
    elif launch.algorithm == "depthwise":
        rows = depthwise_rows(launch, program, op.window, source, result, after)
    elif launch.algorithm == "pointwise":
        rows = pointwise_rows(launch, program, op.window, source, result, weights, after)
    else:
        rows = forward_rows(launch, program, op.window, source, result, weights, after)
    return (*rows, *activation_pass(op.activation, launch, program))


def pooled_convolution_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """PooledConvolution: the same by Winograd tiles or by pairs of rows, pooled before they are stored."""
    op = launch.operation
    assert isinstance(op, ops.PooledConvolution)
    (x, w, *bias), (y, *index), inner = launch.inputs, launch.outputs, op.convolution
    if launch.algorithm not in ("direct", *WINOGRAD) or inner.activation.function not in IN_REGISTERS:
        raise CompilerBug(f"`{launch.layer}` cannot be pooled on the way")
    size = window_output(inner.window, (x.value.shape[1], x.value.shape[2]))
    pooling = Pooling(size, where(index[0])) if index else Pooling(size)
    source, result, after = planes(x, program), planes(y, program), epilogue_of(bias, inner.activation)
    if launch.algorithm in WINOGRAD:
        return winograd_rows(launch, program, inner.window, source, result, after, pooling)
    return forward_rows(launch, program, inner.window, source, result, _weights(w, inner.groups), after, pooling)


def _weights(w: Buffer, channel_groups: int) -> Weights:
    k, c, kh, kw = w.value.shape
    return Weights(place(w), k // channel_groups, c, c * kh * kw, kh * kw, kw, channel_groups)


def input_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ConvolutionInputGradient: the transposed sum, two rows for each phase of the stride."""
    op = launch.operation
    assert isinstance(op, ops.ConvolutionInputGradient)
    dy, w = launch.inputs
    k, c, kh, kw = w.value.shape
    weights = Weights(place(w), c, k // op.groups, kh * kw, c * kh * kw, kw, op.groups)
    source, result = planes(dy, program), planes(launch.outputs[0], program)
    if launch.algorithm in WINOGRAD:
        return winograd_adjoint_rows(launch, program, op.window, source, result)
    if launch.algorithm == "depthwise":
        return depthwise_adjoint_rows(launch, program, op.window, source, result)
    if launch.algorithm == "pointwise":
        return pointwise_adjoint_rows(launch, program, op.window, source, result, weights)
    return adjoint_rows(launch, program, op.window, source, result, weights)


def activation_pass(activation: Activation, launch: Launch, program: Program) -> tuple[Row, ...]:
    """A pass that applies an activation in place to a launch's output, where the kernel did not apply it."""
    if activation.function in IN_REGISTERS:
        return ()
    (y,) = launch.outputs
    return (activation_row(activation, y, y, program),)


def forward_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    weights: Weights,
    epilogue: Epilogue,
    pooling: Pooling = UNPOOLED,
) -> tuple[Row, ...]:
    """y = the sum over the windows of x, and the epilogue, pooled where `pooling` says so.

    The launch provides tile and scratch; the scratch holds the packed weights.
    """
    height, width = pooling.size or (y.height, y.width)
    vertical, horizontal = forward_axis(window, 0, x.height, height), forward_axis(window, 1, x.width, width)
    packed = Packed(launch, program.target)
    if pooling.size is None:
        return _sliding_sum(packed, x, y, weights, vertical, horizontal, epilogue)
    strip = Planes(0, 0, y.channels, height, width, y.lanes, strip_stride(width, y.lanes))
    if program.thread_bytes < FLOAT_BYTES * strip.channels * strip.channel_stride:
        raise CompilerBug(f"the threads have too little scratch for the rows of `{launch.layer}` that are pooled")
    pooled = Pooled(
        place=y.place, group=y.group_stride, channel=y.channel_stride, row=y.row_stride, index=pooling.index
    )
    return _sliding_sum(packed, x, strip, weights, vertical, horizontal, epilogue, pooled)


def adjoint_rows(
    launch: Launch,
    program: Program,
    window: Window,
    dy: Planes,
    dx: Planes,
    weights: Weights,
    epilogue: Epilogue = NO_EPILOGUE,
) -> tuple[Row, ...]:
    """dx = the transpose of the window sum applied to dy, and the epilogue.

    `weights.outputs` counts channels of dx. Scratch as in `forward_rows`.
    """
    packed = Packed(launch, program.target)
    rows = (
        row
        for vertical in adjoint_axes(window, 0, dx.height, dy.height)
        for horizontal in adjoint_axes(window, 1, dx.width, dy.width)
        for row in _sliding_sum(packed, dy, dx, weights, vertical, horizontal, epilogue)
    )
    return tuple(sorted(rows, key=lambda row: row.sums))  # all packing first, so that no sum waits for another's


def _sliding_sum(
    packed: Packed,
    x: Planes,
    y: Planes,
    weights: Weights,
    vertical: Axis,
    horizontal: Axis,
    epilogue: Epilogue,
    pooled: Pooled | None = None,
) -> tuple[Row, ...]:
    into, packing = packed.weights(weights, vertical, horizontal)
    block, strip = _input_block(packed, vertical, horizontal, weights), 2 if pooled else 1
    words = Slide(
        x=x.map,
        y=y.place + vertical.out_first * y.row_stride + horizontal.out_first * y.lanes,
        y_group=y.group_stride,
        y_channel=y.channel_stride,
        y_row=vertical.out_step * y.row_stride,
        y_column=horizontal.out_step * y.lanes,
        strips=vertical.outputs // strip,
        out_width=horizontal.outputs,
        taps_y=vertical.taps,
        taps_x=horizontal.taps,
        dilation_y=vertical.dilation,
        dilation_x=horizontal.dilation,
        stride_y=vertical.stride,
        stride_x=horizontal.stride,
        before_y=vertical.before,
        before_x=horizontal.before,
        weights=into,
        inputs=weights.inputs,
        outputs=weights.outputs,
        channel_groups=weights.channel_groups,
        input_block=block,
        segment=_segment(packed, vertical, horizontal, block),
        bias=epilogue.bias,
        activation=epilogue.code,
        strip=strip,
        pooled=pooled or NOT_POOLED,
    )
    sliding = after_copying(1, packed.launch, Row(slide, packed.tile, words, words.strips, per_group=True))
    return (packing, sliding) if vertical.taps and horizontal.taps else (sliding,)


def _input_block(packed: Packed, vertical: Axis, horizontal: Axis, weights: Weights) -> int:
    """Input channels per block: all, if the inputs under a tile fit into half of the L2 cache, else as many as do."""
    seen_bytes = _seen_bytes(packed, vertical, horizontal, packed.tile.columns)
    return max(1, min(weights.inputs, packed.target.l2_bytes // 2 // seen_bytes))


def _segment(packed: Packed, vertical: Axis, horizontal: Axis, block: int) -> int:
    """Positions of an output row whose inputs, for a block of channels, fit into half of the L2 cache."""
    most = packed.target.l2_bytes // 2
    segment = packed.tile.columns
    while segment < horizontal.outputs and block * _seen_bytes(packed, vertical, horizontal, segment) <= most:
        segment += packed.tile.columns
    return segment


def _seen_bytes(packed: Packed, vertical: Axis, horizontal: Axis, positions: int) -> int:
    """Bytes of one channel under the windows of neighbouring output positions."""
    across = min(horizontal.size, (positions - 1) * horizontal.stride + horizontal.dilation * (horizontal.taps - 1) + 1)
    return FLOAT_BYTES * packed.target.lanes * max(1, vertical.taps) * max(1, across)
