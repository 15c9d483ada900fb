"""How far apart the channels of a map lie: whole planes, and a vector more where planes are multiples of 4096 bytes.

Without that vector the same position of every channel falls into the same few sets of the cache, and a sum over many
channels evicts what it is about to read again.
"""

from __future__ import annotations

from math import prod

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.targets.cpu.processor import CpuTarget

Plane = tuple[int, ...]
"""Height and width."""

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
        ops.BatchNormTraining,
        ops.ChannelSum,
        ops.Concatenate,
        ops.Convolution,
        ops.ConvolutionInputGradient,
        ops.ConvolutionWeightGradient,
        ops.Deconvolution,
        ops.MaxPool,
        ops.MaxPoolGradient,
        ops.PooledConvolution,
        ops.Slice,
    }
)
"""Operations whose kernels step from channel to channel by `plane_stride`. To the others channels lie side by side."""


def padded_planes(graph: Graph, target: CpuTarget) -> frozenset[Plane]:
    """The sizes of planes, height x width, that get a vector more.

    It is all maps of a size or none, so that kernels which treat every number alike find any two of them laid out
    alike: none, where an operation that is not PADDABLE touches one of them.
    """
    maps = {value.shape[1:] for node in graph.nodes for value in _values(node) if _is_map(value)}
    wanted = {plane for plane in maps if _conflicts(plane, target)}
    others = (node for node in graph.nodes if type(node.operation) not in PADDABLE)
    return frozenset(wanted - {value.shape[1:] for node in others for value in _values(node) if _is_map(value)})


def plane_stride(value: Value, target: CpuTarget, padded: frozenset[Plane]) -> int:
    """float32 numbers from one channel of a batched value to the next; 0 for an unbatched one."""
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
