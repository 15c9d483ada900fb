"""Choice of layout for prediction, lanes of images or of channels: a function of shapes, batch and target."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.counts import macs
from netspec.ir.graph import Graph, Node
from netspec.schedule.cpu.channel_tiles import choose_channel_tile
from netspec.targets.cpu.channel_weights import packed_sum
from netspec.targets.cpu.channels import Sum, sliding, vectors
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Layout

WEIGHT_MACS = 8
"""Cost of a weight that is used once, in multiply-adds: it is loaded from memory."""


def choose_layout(graph: Graph, target: CpuTarget, batch: int) -> Layout:
    """The cheaper layout for `batch` images. Lanes of images always compute whole lane groups; lanes of channels
    compute whole vectors of channels and whole tiles of pixels."""
    lane_groups = -(-batch // target.lanes)
    images = sum(lane_groups * target.lanes * macs(node) for node in graph.nodes)
    channels = sum(batch * _channel_macs(node, target) for node in graph.nodes if isinstance(node.operation, Sum))
    return "channels" if channels <= images else "images"


def _channel_macs(node: Node, target: CpuTarget) -> float:
    """Multiply-adds of one image with lanes = channels, wasted ones included."""
    (outputs, _, width), tile = sliding(node).y, choose_channel_tile(node, target)
    if sliding(node).depthwise:
        filled = vectors(outputs, target.lanes) * target.lanes
    else:
        form = packed_sum(node, tile, target.lanes, target.lanes)
        filled = form.blocks * form.width
    wide = -(-width // tile.rows) * tile.rows
    once = WEIGHT_MACS if isinstance(node.operation, ops.Dense | ops.Local) else 1
    return once * macs(node) * (filled / outputs) * (wide / width)
