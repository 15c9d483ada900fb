"""Launch rows of 1x1 convolutions and of their input gradients."""

from __future__ import annotations

from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.clear import clear_row
from netspec.kernels.cpu.language.planes import NO_EPILOGUE, Epilogue, Planes
from netspec.kernels.cpu.language.rows import Row, after_copying
from netspec.kernels.cpu.sliding.geometry import Axis
from netspec.kernels.cpu.sliding.packing import Packed, Weights
from netspec.kernels.cpu.sliding.pointwise import MultiplyChannels, Positions, multiply_channels
from netspec.targets.cpu.program import Launch, Program


def pointwise_rows(
    launch: Launch,
    program: Program,
    window: Window,
    x: Planes,
    y: Planes,
    weights: Weights,
    epilogue: Epilogue,
) -> tuple[Row, ...]:
    """y = weights times x at every position of y, and the epilogue."""
    return _product(launch, program, _positions(x, window.stride), _positions(y), y, weights, epilogue)


def pointwise_adjoint_rows(
    launch: Launch, program: Program, window: Window, dy: Planes, dx: Planes, weights: Weights
) -> tuple[Row, ...]:
    """dx = weights times dy at the positions of dy, and zeros between."""
    clearing = () if window.stride == (1, 1) else (clear_row(launch.outputs[0], program),)
    given, made = _positions(dy), _positions(dx, window.stride)
    return (*clearing, *_product(launch, program, given, made, dy, weights, NO_EPILOGUE))


def _positions(planes: Planes, stride: tuple[int, int] = (1, 1)) -> Positions:
    return Positions(
        place=planes.place,
        group=planes.group_stride,
        channel=planes.channel_stride,
        row=stride[0] * planes.row_stride,
        column=stride[1] * planes.lanes,
    )


def _product(
    launch: Launch,
    program: Program,
    x: Positions,
    y: Positions,
    positions: Planes,
    weights: Weights,
    epilogue: Epilogue,
) -> tuple[Row, ...]:
    """Rows of y = weights times x at `positions`, those of the smaller map."""
    packed, point = Packed(launch, program.target), Axis(1, 1, 1, 1, 1, 0)
    into, packing = packed.weights(weights, point, point)
    one_row = all(each.row == positions.width * each.column for each in (x, y))
    height, width = (1, positions.height * positions.width) if one_row else (positions.height, positions.width)
    block = _input_block(packed, weights.inputs)
    segment = _segment(packed, block, width)
    segments = -(-width // segment)
    words = MultiplyChannels(
        x=x,
        y=y,
        width=width,
        segment=segment,
        segments=segments,
        units=height * segments,
        weights=into,
        inputs=weights.inputs,
        outputs=weights.outputs,
        channel_groups=weights.channel_groups,
        input_block=block,
        bias=epilogue.bias,
        activation=epilogue.code,
    )
    product = Row(multiply_channels, launch.tile, words, words.units, per_group=True)
    return packing, after_copying(1, launch, product)


def _near_bytes(packed: Packed) -> int:
    """Half of the L1 cache, for the inputs of a segment."""
    return packed.target.l1_bytes // 2


def _input_block(packed: Packed, inputs: int) -> int:
    """Input channels per block: equal parts, as few as let the inputs of a tile fit into the cache."""
    seen_bytes = FLOAT_BYTES * packed.target.lanes * packed.tile.columns
    parts = -(-inputs * seen_bytes // _near_bytes(packed))
    return -(-inputs // parts)


def _segment(packed: Packed, block: int, width: int) -> int:
    """Positions whose inputs, for a block of channels, fit into the cache together, in whole tiles."""
    tiles = _near_bytes(packed) // (FLOAT_BYTES * packed.target.lanes * packed.tile.columns * block)
    return min(width, packed.tile.columns * max(1, tiles))
