"""Plane stride of channels in a map: a whole plane, plus one vector where planes are multiples of 4096 bytes.

Without that vector, the same position of all channels maps to the same few sets of the cache, and a sum over many
channels evicts lines that it reads again.
"""

from __future__ import annotations

from math import prod

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.targets.cpu.processor import CpuTarget

Plane = tuple[int, ...]
"""(height, width)"""

PADDABLE: frozenset[type[ops.Operation]] = frozenset(
    {
        ops.Activation,
        ops.ActivationGradient,
        ops.Add,
        ops.AveragePool,
        ops.AveragePoolGradient,
        ops.BatchNorm,
        ops.BatchNormAddGradient,
        ops.BatchNormGradient,
        ops.BatchNormInputGradient,
        ops.BatchNormTraining,
        ops.ChannelSum,
        ops.Concatenate,
        ops.Convolution,
        ops.ConvolutionInputGradient,
        ops.ConvolutionWeightGradient,
        ops.Deconvolution,
        ops.GuidedGradient,
        ops.MaxPool,
        ops.MaxPoolGradient,
        ops.PooledConvolution,
        ops.Slice,
    }
)
"""Operations whose kernels use `plane_stride` for channels. All others need contiguous channels."""


def padded_planes(graph: Graph, target: CpuTarget) -> frozenset[Plane]:
    """The plane sizes that are padded by one vector.

    All maps of one size are padded, or none, so that elementwise kernels find the same layout in all of them. None is
    padded where an operation outside `PADDABLE` reads or writes one of them.
    """
    maps = {value.shape[1:] for node in graph.nodes for value in _values(node) if _is_map(value)}
    wanted = {plane for plane in maps if _conflicts(plane, target)}
    others = (node for node in graph.nodes if type(node.operation) not in PADDABLE)
    return frozenset(wanted - {value.shape[1:] for node in others for value in _values(node) if _is_map(value)})


def plane_stride(value: Value, target: CpuTarget, padded: frozenset[Plane]) -> int:
    """Stride of channels of a batched value in float32 elements; 0 for an unbatched value."""
    if not value.batched:
        return 0
    numbers = prod(value.shape[1:]) * target.lanes
    return numbers + target.lanes if _is_map(value) and value.shape[1:] in padded else numbers


def _values(node: Node) -> tuple[Value, ...]:
    return (*node.inputs, *node.outputs)


def _is_map(value: Value) -> bool:
    return value.batched and len(value.shape) == 3


def _conflicts(plane: Plane, target: CpuTarget) -> bool:
    return prod(plane) * target.lanes * FLOAT_BYTES % PAGE_BYTES == 0
