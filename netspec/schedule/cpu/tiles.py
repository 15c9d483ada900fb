"""Choice of the register tile of each launch: a function of shapes and the target alone, by a cost model of a core.

A step of an r x c tile needs c vector loads and r broadcasts for r*c multiply-adds. The modelled core issues two
multiply-adds and two loads per cycle, and a multiply-add has a latency of about four cycles. So a step costs the
maximum of its multiply-adds, its loads and eight, plus the loop's overhead, counted in issue slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import Any

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Shape
from netspec.ir.operations import Window
from netspec.schedule.cpu.direct import is_depthwise, is_pointwise
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Tile

LATENCY_COST = 8
LOOP_COST = 2
BORDER_COST = 3
"""Cost of a column in a step at the border of the input, beside its multiply-adds: it is asked whether it is inside."""
HEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14)
"""Allowed rows of a tile: few, so that most nets share compiled kernels."""
WIDTHS = (1, 2, 3, 4, 5, 6, 7, 8)
"""Allowed columns of a tile."""
MOST_APART = 8
"""Most rows of a tile whose rows are apart in memory: more would need more address registers than a core has."""

Rule = Callable[[Any, Node, CpuTarget, int], Tile]


def choose_tile(node: Node, target: CpuTarget, lane_groups: int) -> Tile:
    """The tile of a node's launch; 1x1 for operations without tiles. `groups` is the number of lane groups."""
    rule = TILES.get(type(node.operation))
    return rule(node.operation, node, target, lane_groups) if rule else Tile(1, 1)


def whole(count: int, step: int) -> int:
    """`count` rounded up to a multiple of `step`."""
    return -(-count // step) * step


def step_cost(rows: int, columns: int) -> int:
    """Cost of one step of a tile, in issue slots."""
    return max(rows * columns, rows + columns, LATENCY_COST) + LOOP_COST


def fitting_tiles(target: CpuTarget, rows: int) -> tuple[Tile, ...]:
    """Tiles of at most `rows` rows that fit into registers beside one vector per column and one more."""
    free = target.registers - 1
    return tuple(Tile(r, c) for r in HEIGHTS if r <= rows for c in WIDTHS if r * c + c <= free)


@dataclass(frozen=True, slots=True)
class SlidingRow:
    """A row of `width` outputs, over rows of `size` inputs: tap t of output o is at o*stride - before + t*dilation."""

    width: int
    size: int
    taps: int = 1
    stride: int = 1
    before: int = 0
    dilation: int = 1

    def cost(self, tile: Tile) -> int:
        """Cost of a kernel row, summed as `kernels/cpu/sliding/convolution.py` does."""
        return row_steps(self, tile.columns).cost(tile)

    @property
    def real_taps(self) -> int:
        """Pairs of an output and a tap inside the input: what columns of one position sum."""
        return row_steps(self, 1).single


@dataclass(frozen=True, slots=True)
class RowSteps:
    """Steps of the tiles of a row, a tap each: `whole` with all columns inside the input, `border` with some, which are
    `border_columns` together, and `single` of one column."""

    whole: int
    border: int
    border_columns: int
    single: int

    def cost(self, tile: Tile) -> int:
        """Cost of these steps by a tile of so many columns."""
        whole, single = self.whole * step_cost(tile.rows, tile.columns), self.single * step_cost(tile.rows, 1)
        return whole + single + self.border * tile.columns * BORDER_COST + self.border_columns * tile.rows


@lru_cache(maxsize=1024)
def row_steps(row: SlidingRow, columns: int) -> RowSteps:
    first, interior = interior_outputs(row)
    whole = border = border_columns = single = column = 0
    while column < row.width:
        if columns > 1 and column >= first and column + columns <= first + interior:
            tiles = (first + interior - column) // columns
            whole += tiles * row.taps
            column += tiles * columns
            continue
        wide = columns > 1 and row.stride == 1 and column + columns <= row.width
        inside = [_columns_inside(row, column, columns if wide else 1, tap) for tap in range(row.taps)]
        if wide:
            border += row.taps
            border_columns += sum(inside)
        else:
            single += sum(inside)
        column += columns if wide else 1
    return RowSteps(whole, border, border_columns, single)


def _columns_inside(row: SlidingRow, column: int, columns: int, tap: int) -> int:
    """How many of neighbouring outputs have a tap inside the input."""
    offset = tap * row.dilation - row.before
    return sum(0 <= output * row.stride + offset < row.size for output in range(column, column + columns))


def interior_outputs(row: SlidingRow) -> tuple[int, int]:
    """The first output of a row whose taps are all inside the input, and how many there are."""
    first = -(-row.before // row.stride) if row.before > 0 else 0
    last = (row.size - 1 - row.dilation * (row.taps - 1) + row.before) // row.stride
    return first, max(0, min(last, row.width - 1) - first + 1)


def sliding_tile(target: CpuTarget, outputs: int, row: SlidingRow) -> Tile:
    """The tile of a sliding window: rows are output channels, columns are positions of an output row."""
    steps = {columns: row_steps(row, columns) for columns in WIDTHS}

    def cost(tile: Tile) -> tuple[int, int]:
        return -(-outputs // tile.rows) * steps[tile.columns].cost(tile), -tile.rows * tile.columns

    return min(fitting_tiles(target, outputs), key=cost)


def window_row(window: Window, size: int, width: int) -> SlidingRow:
    """The rows of a window that slides over input rows of `size` and gives output rows of `width`."""
    return SlidingRow(width, size, window.kernel[1], window.stride[1], window.before[1], window.dilation[1])


def adjoint_row(window: Window, size: int, width: int) -> SlidingRow:
    """The rows of a transposed window, from cotangent rows of `width` to rows of `size`. With a stride, each phase
    slides over the cotangents with the taps of that phase."""
    stride, taps = window.stride[1], window.kernel[1]
    before = window.dilation[1] * (taps - 1) // stride - window.before[1] // stride
    dilation = 1 if stride > 1 else window.dilation[1]
    return SlidingRow(-(-size // stride), width, -(-taps // stride), before=before, dilation=dilation)


def _pointwise(window: Window, positions: Shape, outputs: int, target: CpuTarget) -> Tile:
    """The tile of a matrix product over `positions` (c, y, x); without a stride they are one long row."""
    width = positions[2] if window.stride != (1, 1) else positions[1] * positions[2]
    return sliding_tile(target, outputs, SlidingRow(width, width))


def _convolution(op: ops.Convolution, node: Node, target: CpuTarget, _: int) -> Tile:
    x, y = node.inputs[0].shape, node.outputs[0].shape
    if is_depthwise(op.window, op.groups, node.inputs[1], target):
        return Tile(*op.window.kernel)
    if is_pointwise(op.window):
        return _pointwise(op.window, y, y[0] // op.groups, target)
    return sliding_tile(target, y[0] // op.groups, window_row(op.window, x[2], y[2]))


def _phase_taps(window: Window, axis: int) -> int:
    """Most taps of one phase of a stride along an axis; these taps are stride / gcd(stride, dilation) apart."""
    stride = window.stride[axis]
    return -(-window.kernel[axis] // (stride // gcd(stride, window.dilation[axis])))


def _input_gradient(op: ops.ConvolutionInputGradient, node: Node, target: CpuTarget, _: int) -> Tile:
    dy, dx = node.inputs[0].shape, node.outputs[0].shape
    if is_depthwise(op.window, op.groups, node.inputs[1], target):
        return Tile(_phase_taps(op.window, 0), _phase_taps(op.window, 1))
    if is_pointwise(op.window):
        return _pointwise(op.window, dy, dx[0] // op.groups, target)
    return sliding_tile(target, dx[0] // op.groups, adjoint_row(op.window, dx[2], dy[2]))


def _deconvolution(op: ops.Deconvolution, node: Node, target: CpuTarget, _: int) -> Tile:
    x, y = node.inputs[0].shape, node.outputs[0].shape
    return sliding_tile(target, y[0], adjoint_row(op.window, y[2], x[2]))


def _weight_gradient(op: ops.ConvolutionWeightGradient, node: Node, target: CpuTarget, _: int) -> Tile:
    """Rows are output channels. Columns are the taps of a kernel row, or input channels where these taps are few or
    exceed the registers."""
    if is_depthwise(op.window, op.groups, node.outputs[0], target):
        return Tile(*op.window.kernel)
    k, c, _, taps = node.outputs[0].shape
    return weight_gradient_tile(target, k // op.groups, c, taps)


def weight_gradient_tile(target: CpuTarget, outputs: int, inputs: int, taps: int) -> Tile:
    """The tile of a weight gradient with `outputs` x `inputs` channels per convolution group and `taps` per kernel
    row."""
    if taps > 2 and 2 * taps < target.registers:
        heights = [r for r in HEIGHTS if r <= outputs and r * taps + taps < target.registers]
        return Tile(min(heights, key=lambda r: (-(-outputs // r) * step_cost(r, taps), -r)), taps)

    def cost(tile: Tile) -> tuple[int, int]:
        blocks = -(-outputs // tile.rows) * -(-inputs // tile.columns)
        return blocks * step_cost(tile.rows, tile.columns), -tile.rows * tile.columns

    low = fitting_tiles(target, min(outputs, MOST_APART))
    return min((tile for tile in low if tile.columns <= inputs and _crosses(tile, target)), key=cost)


def _crosses(tile: Tile, target: CpuTarget) -> bool:
    """Whether a tile fits into registers beside the vectors of its shorter side and one more."""
    return tile.rows * tile.columns + min(tile.rows, tile.columns) < target.registers


def _dense(_: ops.Dense, node: Node, target: CpuTarget, lane_groups: int) -> Tile:
    return dense_tile(target, node.outputs[0].elements, lane_groups)


def _dense_input_gradient(_: ops.DenseInputGradient, node: Node, target: CpuTarget, lane_groups: int) -> Tile:
    return dense_tile(target, node.outputs[0].elements, lane_groups)


def _dense_weight_gradient(
    _: ops.DenseWeightGradient | ops.DenseWeightUpdate, node: Node, target: CpuTarget, __: int
) -> Tile:
    k, features = node.outputs[0].shape[0], node.inputs[0].elements
    return dense_tile(target, k, -(-features // target.lanes))


def dense_tile(target: CpuTarget, outputs: int, vectors: int) -> Tile:
    """The tile of a matrix product: rows are outputs, columns are vectors (lane groups, or vectors of features).

    Rows of weights are apart in memory.
    """

    def cost(tile: Tile) -> tuple[int, int]:
        full, single = divmod(vectors, tile.columns)
        row = full * step_cost(tile.rows, tile.columns) + single * step_cost(tile.rows, 1)
        return -(-outputs // tile.rows) * row, -tile.rows * tile.columns

    return min((tile for tile in fitting_tiles(target, min(outputs, MOST_APART)) if tile.columns <= vectors), key=cost)


def _neighbourhood(
    _: ops.LocalResponseNorm | ops.LocalResponseNormGradient, __: Node, ___: CpuTarget, ____: int
) -> Tile:
    """Rows are neighbouring positions: eight independent sums over channels hide the latency."""
    return Tile(8, 1)


def _channel_sum(_: ops.ChannelSum, node: Node, __: CpuTarget, ___: int) -> Tile:
    return Tile(_height(node.outputs[0].elements), 1)


def _height(rows: int) -> int:
    """The largest divisor of `rows` up to eight."""
    return next(r for r in (8, 7, 6, 5, 4, 3, 2, 1) if rows % r == 0)


def _local(_: ops.Local, node: Node, __: CpuTarget, ___: int) -> Tile:
    return Tile(_even(node.outputs[0].shape[0], 8), 1)


def _local_input_gradient(op: ops.LocalInputGradient, _: Node, __: CpuTarget, ___: int) -> Tile:
    """Rows are taps of the window."""
    return Tile(_even(op.window.kernel[0] * op.window.kernel[1], 12), 1)


def _local_weight_gradient(_: ops.LocalWeightGradient, node: Node, target: CpuTarget, __: int) -> Tile:
    """Rows are output channels, columns input channels."""
    inputs, outputs = node.inputs[0].shape[0], node.inputs[1].shape[0]
    columns = next(c for c in (4, 3, 2, 1) if inputs % c == 0)
    return Tile(_even(outputs, next(r for r in (4, 3, 2) if _crosses(Tile(r, columns), target))), columns)


def _even(count: int, most: int) -> int:
    """Size of the parts when `count` is split into as few parts of at most `most`, as equal as possible."""
    return -(-count // -(-count // most))


TILES: Mapping[type[ops.Operation], Rule] = {
    ops.Convolution: _convolution,
    ops.ConvolutionInputGradient: _input_gradient,
    ops.ConvolutionWeightGradient: _weight_gradient,
    ops.Deconvolution: _deconvolution,
    ops.Dense: _dense,
    ops.DenseInputGradient: _dense_input_gradient,
    ops.DenseWeightGradient: _dense_weight_gradient,
    ops.DenseWeightUpdate: _dense_weight_gradient,
    ops.Local: _local,
    ops.LocalInputGradient: _local_input_gradient,
    ops.LocalWeightGradient: _local_weight_gradient,
    ops.LocalResponseNorm: _neighbourhood,
    ops.LocalResponseNormGradient: _neighbourhood,
    ops.ChannelSum: _channel_sum,
    ops.BatchSum: _channel_sum,
}
"""Operations not listed process one vector at a time."""
