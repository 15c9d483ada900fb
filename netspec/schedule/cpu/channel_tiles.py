"""Choice of the register tile of launches whose lanes hold channels: rows are pixels of an output row, columns are
vectors of output channels. A function of shapes and the target alone."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.schedule.cpu.tiles import step_cost
from netspec.targets.cpu.channels import Sliding, Sum, sliding, vectors
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Tile

HEIGHTS = (1, 2, 4, 6, 7, 8, 12, 14)
WIDTHS = (1, 2, 3, 4, 8)
"""few, so that most nets share compiled kernels"""
DEPTHWISE_HEIGHTS = (1, 4, 8)


def choose_channel_tile(node: Node, target: CpuTarget) -> Tile:
    """The tile of a node's launch; 1x1 for operations without tiles. A Local layer has weights for each pixel, so its
    tiles have one row."""
    if not isinstance(node.operation, Sum):
        return Tile(1, 1)
    shape = sliding(node)
    channels, _, width = shape.y
    most_rows = 1 if isinstance(node.operation, ops.Local) else min(width, _most_rows(shape, target))
    if shape.depthwise:
        return Tile(max(rows for rows in DEPTHWISE_HEIGHTS if rows <= most_rows), 1)
    return sum_tile(target, channels, width, most_rows)


def _most_rows(shape: Sliding, target: CpuTarget) -> int:
    """Rows of a tile that read no further than a page past the last output of a row."""
    return 1 + PAGE_BYTES // (FLOAT_BYTES * target.lanes * shape.stride[1])


def sum_tile(target: CpuTarget, channels: int, width: int, most_rows: int) -> Tile:
    """The tile, of `most_rows` at most, of a sum with `channels` outputs and rows of `width` pixels. Among tiles of
    equal cost and size, the one with most rows: it reads the fewest weights, which are farther away in the memory
    hierarchy than pixels."""
    count = vectors(channels, target.lanes)

    def cost(tile: Tile) -> tuple[int, int, int]:
        return _cost(tile, width, count), -tile.rows * tile.columns, -tile.rows

    return min(_fitting(target, most_rows, count), key=cost)


def _fitting(target: CpuTarget, most_rows: int, count: int) -> list[Tile]:
    """Tiles that fit into registers beside one vector per column and one more."""
    free = target.registers - 1
    heights, widths = (h for h in HEIGHTS if h <= most_rows), [w for w in WIDTHS if w <= count]
    return [Tile(h, w) for h in heights for w in widths if h * w + w <= free]


def _cost(tile: Tile, width: int, count: int) -> int:
    return -(-width // tile.rows) * -(-count // tile.columns) * step_cost(tile.rows, tile.columns)
