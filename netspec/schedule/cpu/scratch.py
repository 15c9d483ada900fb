"""Scratch memory of launches, in bytes: shared by the team of threads, and private to each thread.

The kernels' row builders check that the scratch suffices, so planner and kernels cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.ir.pooled import sum_of
from netspec.schedule.cpu import winograd, winograd_weights
from netspec.schedule.cpu.algorithm import Plan, sliding_sum
from netspec.targets.cpu.incoming import BAND
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import WINOGRAD
from netspec.targets.cpu.strips import strip_stride

DenseWeights = ops.DenseWeightGradient | ops.DenseWeightUpdate
Rule = Callable[[Any, Node, Plan, CpuTarget, int], int]


def scratch_bytes(node: Node, plan: Plan, target: CpuTarget, batch: int) -> int:
    """Bytes of scratch shared by the team while the launch runs."""
    node = sum_of(node)
    if plan.algorithm == "depthwise":
        return 0
    if plan.algorithm in WINOGRAD:
        return _winograd_bytes(node, plan, target, -(-batch // target.lanes))
    rule = TEAM_SCRATCH.get(type(node.operation))
    return rule(node.operation, node, plan, target, batch) if rule else 0


def thread_bytes(node: Node, plan: Plan, target: CpuTarget, batch: int) -> int:
    """Bytes of scratch private to each thread while the launch runs."""
    if isinstance(node.operation, ops.PooledConvolution) and plan.algorithm == "direct":
        return strip_bytes(sum_of(node), target)
    node = sum_of(node)
    if plan.algorithm in WINOGRAD:
        return _winograd_thread_bytes(node, plan, target, -(-batch // target.lanes))
    if plan.algorithm == "depthwise":
        return _band(node, target)
    rule = THREAD_SCRATCH.get(type(node.operation))
    return rule(node.operation, node, plan, target, batch) if rule else 0


def _winograd_bytes(node: Node, plan: Plan, target: CpuTarget, lane_groups: int) -> int:
    if winograd_weights.applies(node.operation):
        return winograd_weights.part_bytes(winograd_weights.layer_of(node), plan.tile, target, lane_groups)
    if plan.algorithm == "winograd_batched":
        return 0
    return winograd.weight_bytes(sliding_sum(node), plan.tile, target)


def _winograd_thread_bytes(node: Node, plan: Plan, target: CpuTarget, lane_groups: int) -> int:
    if winograd_weights.applies(node.operation):
        return winograd_weights.unit_bytes(winograd_weights.layer_of(node), plan.tile, target, lane_groups)
    if plan.algorithm == "winograd_batched":
        return winograd.batched_bytes(sliding_sum(node), plan.tile, target, lane_groups)
    return winograd.strip_bytes(sliding_sum(node), plan.tile, target)


def strip_bytes(node: Node, target: CpuTarget) -> int:
    """Bytes of two rows of all channels of a map, kept until they are pooled."""
    channels, _, width = node.outputs[0].shape
    return FLOAT_BYTES * channels * strip_stride(width, target.lanes)


def gather_bytes(value: Value, target: CpuTarget) -> int:
    """Bytes private to each thread while an input is loaded: a band of rows of one image per lane."""
    if not value.batched or value.dtype != "float32":
        return 0
    width = value.shape[2] if len(value.shape) == 3 else 1
    return FLOAT_BYTES * target.lanes * padded_rows(max(width, BAND), target.lanes)


def padded_rows(features: int, lanes: int) -> int:
    """Stride of images in a transposed copy, in float32 elements: whole vectors, no multiple of 4096 bytes."""
    whole = -(-features // lanes) * lanes
    return whole + lanes if whole * FLOAT_BYTES % PAGE_BYTES == 0 else whole


def _packed(outputs: int, inputs: int, taps: int, channel_groups: int, rows: int) -> int:
    """Bytes of a sliding window's weights, repacked in blocks of `rows` output channels."""
    return FLOAT_BYTES * channel_groups * -(-outputs // rows) * rows * inputs * taps


def _convolution(op: ops.Convolution, node: Node, plan: Plan, _: CpuTarget, __: int) -> int:
    k, c, kh, kw = node.inputs[1].shape
    return _packed(k // op.groups, c, kh * kw, op.groups, plan.tile.rows)


def _input_gradient(op: ops.ConvolutionInputGradient, node: Node, plan: Plan, _: CpuTarget, __: int) -> int:
    k, c, kh, kw = node.inputs[1].shape
    return _packed(c, k // op.groups, kh * kw, op.groups, plan.tile.rows)


def _deconvolution(_: ops.Deconvolution, node: Node, plan: Plan, __: CpuTarget, ___: int) -> int:
    c, k, kh, kw = node.inputs[1].shape
    return _packed(k, c, kh * kw, 1, plan.tile.rows)


def _band(node: Node, target: CpuTarget) -> int:
    """Bytes of zero-padded rows of a plane for a depthwise sum: all rows, or as many as fit a quarter of the second
    cache, but at least those of one window."""
    assert isinstance(node.operation, ops.Convolution | ops.ConvolutionInputGradient | ops.ConvolutionWeightGradient)
    window, (_, height, width) = node.operation.window, node.inputs[0].shape
    margins = tuple(2 * window.kernel[a] + abs(window.before[a]) + abs(window.after[a]) + 1 for a in range(2))
    row_bytes = FLOAT_BYTES * target.lanes * (width + margins[1])
    return row_bytes * max(margins[0], min(height + margins[0], target.l2_bytes // 4 // row_bytes))


def _dense_weight_gradient(_: DenseWeights, node: Node, __: Plan, target: CpuTarget, batch: int) -> int:
    images = -(-batch // target.lanes) * target.lanes
    return FLOAT_BYTES * images * padded_rows(node.inputs[0].elements, target.lanes)


def _group_sums(op: ops.ConvolutionWeightGradient, node: Node, plan: Plan, target: CpuTarget, batch: int) -> int:
    """Bytes of a small weight gradient's tiles for each lane group; columns are the taps of a kernel row."""
    (k, inputs, taps_y, taps_x), lane_groups = node.outputs[0].shape, -(-batch // target.lanes)
    if plan.algorithm != "direct_taps_by_group":
        return 0
    tiles = op.groups * -(-(k // op.groups) // plan.tile.rows) * inputs
    return FLOAT_BYTES * lane_groups * tiles * taps_y * plan.tile.rows * taps_x * target.lanes


def _weight_gradient_tiles(op: ops.ConvolutionWeightGradient, node: Node, plan: Plan, target: CpuTarget, _: int) -> int:
    """Bytes of one tile per kernel row; or, where columns are input channels, of as many tiles as fit a quarter of the
    second cache."""
    k, inputs, taps_y, taps_x = node.outputs[0].shape
    tile_bytes = FLOAT_BYTES * plan.tile.rows * plan.tile.columns * target.lanes
    if plan.algorithm != "direct_channels":
        return taps_y * tile_bytes
    units = op.groups * -(-(k // op.groups) // plan.tile.rows) * -(-inputs // plan.tile.columns)
    return taps_y * taps_x * tile_bytes * max(1, min(units, target.l2_bytes // 4 // (taps_y * taps_x * tile_bytes)))


def _one_vector_tile(_: DenseWeights, __: Node, plan: Plan, target: CpuTarget, ___: int) -> int:
    return FLOAT_BYTES * plan.tile.rows * target.lanes


def _neighbours(_: ops.LocalResponseNorm, node: Node, plan: Plan, target: CpuTarget, __: int) -> int:
    return 3 * FLOAT_BYTES * node.inputs[0].shape[0] * plan.tile.rows * target.lanes


def _neighbour_terms(_: ops.LocalResponseNormGradient, node: Node, plan: Plan, target: CpuTarget, __: int) -> int:
    return 4 * FLOAT_BYTES * node.inputs[0].shape[0] * plan.tile.rows * target.lanes


def _tap_rows(_: ops.LocalInputGradient, __: Node, plan: Plan, target: CpuTarget, ___: int) -> int:
    return FLOAT_BYTES * plan.tile.rows * target.lanes


TEAM_SCRATCH: Mapping[type[ops.Operation], Rule] = {
    ops.Convolution: _convolution,
    ops.ConvolutionInputGradient: _input_gradient,
    ops.ConvolutionWeightGradient: _group_sums,
    ops.Deconvolution: _deconvolution,
    ops.DenseWeightGradient: _dense_weight_gradient,
    ops.DenseWeightUpdate: _dense_weight_gradient,
}
"""Operations not listed need none."""

THREAD_SCRATCH: Mapping[type[ops.Operation], Rule] = {
    ops.ConvolutionWeightGradient: _weight_gradient_tiles,
    ops.DenseWeightGradient: _one_vector_tile,
    ops.DenseWeightUpdate: _one_vector_tile,
    ops.LocalInputGradient: _tap_rows,
    ops.LocalResponseNorm: _neighbours,
    ops.LocalResponseNormGradient: _neighbour_terms,
}
"""Operations not listed need none."""
