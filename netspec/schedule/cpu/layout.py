"""Choice of layout for prediction, lanes of images or of channels: a function of shapes, batch and target."""

from __future__ import annotations

from netspec.ir.counts import macs
from netspec.ir.graph import Graph, Node
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.cpu.channel_algorithm import WEIGHT_MACS
from netspec.schedule.cpu.channel_tiles import choose_channel_tile
from netspec.targets.cpu.channel_weights import packed_sum
from netspec.targets.cpu.channels import Sum, sliding, vectors
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Layout

FAR_MACS = 13
NEAR_MACS = 3
"""Cost of a number of a map that leaves the second cache, in multiply-adds: in a lane group of images, whose maps leave
the third one, too, and in a single image. Fitted to 18 nets, each measured in both layouts."""


def choose_layout(graph: Graph, target: CpuTarget, batch: int) -> Layout:
    """The cheaper layout for `batch` images. Lanes of images always compute whole lane groups, whose maps are large;
    lanes of channels compute whole vectors of channels and whole tiles of pixels, and read all weights for each image.
    """
    groups = -(-batch // target.lanes)
    images = sum(macs(node) + FAR_MACS * _leaving(node, target, target.lanes) for node in graph.nodes)
    channels = sum(_channel_macs(node, target) + NEAR_MACS * _leaving(node, target, 1) for node in graph.nodes)
    return "channels" if batch * channels <= groups * target.lanes * images else "images"


def _leaving(node: Node, target: CpuTarget, images: int) -> int:
    """Numbers of a launch's maps for one image, if those of `images` images do not fit the second cache; else 0."""
    numbers = sum(value.elements for value in (*node.inputs, *node.outputs) if value.batched)
    return numbers if FLOAT_BYTES * images * numbers > target.l2_bytes else 0


def _channel_macs(node: Node, target: CpuTarget) -> float:
    """Multiply-adds of one image with lanes = channels, wasted ones and the time of weights included."""
    if not isinstance(node.operation, Sum):
        return 0
    (outputs, _, width), tile = sliding(node).y, choose_channel_tile(node, target)
    if sliding(node).depthwise:
        filled = vectors(outputs, target.lanes) * target.lanes
    else:
        form = packed_sum(node, tile, target.lanes, target.lanes)
        filled = form.blocks * form.width
    wide = -(-width // tile.rows) * tile.rows
    return macs(node) * (filled / outputs) * (wide / width) + WEIGHT_MACS * node.inputs[1].elements
