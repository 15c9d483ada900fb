"""Receptive fields: how much of the input image one number of a layer depends on.

Each value carries a field: its size in pixels of the image, the distance `jump` between the fields of neighbouring
positions (a fraction after upsampling), and how many positions there are. A window of k taps `dilation` apart widens
the field by dilation*(k-1) jumps and multiplies the jump by its stride; where branches meet, the widest field counts;
whoever reads all positions at once (dense) sees every field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Shape
from netspec.ir.operations import Operation, Pair

FractionPair = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Field:
    """Height and width of each: the field and the jump in pixels of the image, and the positions.

    A flat vector keeps the positions that it was flattened from.
    """

    size: FractionPair
    jump: FractionPair
    positions: Pair
    flat: bool = False


def receptive_fields(graph: Graph) -> dict[str, Pair]:
    """Height and width, at most the image's, by value name. Empty for a net whose input is not an image."""
    image = graph.inputs[0]
    if len(image.shape) != 3:
        return {}
    limit = (int(image.shape[1]), int(image.shape[2]))
    one = (Fraction(1), Fraction(1))
    fields = {image.name: Field(one, one, limit)}
    for node in graph.nodes:
        given = _widest([fields[value.name] for value in node.inputs if value.name in fields])
        field = FIELD_RULES[type(node.operation)](node.operation, given)
        fields |= {value.name: _placed(field, value.shape) for value in node.outputs}
    return {
        name: (min(ceil(field.size[0]), limit[0]), min(ceil(field.size[1]), limit[1])) for name, field in fields.items()
    }


def _placed(field: Field, shape: Shape) -> Field:
    """A field with the positions of its value."""
    if len(shape) == 3:
        return replace(field, positions=(int(shape[1]), int(shape[2])), flat=False)
    return replace(field, flat=True)


def _widest(fields: list[Field]) -> Field:
    (height, width), (down, across) = fields[0].size, fields[0].jump
    for field in fields[1:]:
        height, width = max(height, field.size[0]), max(width, field.size[1])
        down, across = max(down, field.jump[0]), max(across, field.jump[1])
    return replace(fields[0], size=(height, width), jump=(down, across))


def _widened(field: Field, steps: Pair) -> FractionPair:
    """The size of a field that reaches so many jumps further."""
    return field.size[0] + steps[0] * field.jump[0], field.size[1] + steps[1] * field.jump[1]


def _same(_: Operation, field: Field) -> Field:
    return field


def _window(op: ops.Convolution | ops.Local | ops.MaxPool | ops.AveragePool, field: Field) -> Field:
    (rows, columns), (down, across), window = op.window.kernel, op.window.dilation, op.window
    size = _widened(field, ((rows - 1) * down, (columns - 1) * across))
    return replace(field, size=size, jump=(field.jump[0] * window.stride[0], field.jump[1] * window.stride[1]))


def _deconvolution(op: ops.Deconvolution, field: Field) -> Field:
    """An output meets every stride-th tap only: at most ceil(k/stride) inputs an axis."""
    (rows, columns), (down, across) = op.window.kernel, op.window.stride
    size = _widened(field, (-(-rows // down) - 1, -(-columns // across) - 1))
    return replace(field, size=size, jump=(field.jump[0] / down, field.jump[1] / across))


def _upsample(op: ops.Upsample, field: Field) -> Field:
    return replace(field, jump=(field.jump[0] / op.factor, field.jump[1] / op.factor))


def _all(_: Operation, field: Field) -> Field:
    """Every position at once."""
    size = _widened(field, (field.positions[0] - 1, field.positions[1] - 1))
    return replace(field, size=size, positions=(1, 1))


def _softmax(op: ops.Softmax, field: Field) -> Field:
    """Over the channels of each position, or over all of a flat vector."""
    return _all(op, field) if field.flat else field


FIELD_RULES: Mapping[type[Operation], Callable[[Any, Field], Field]] = {
    ops.Activation: _same,
    ops.Convolution: _window,
    ops.Deconvolution: _deconvolution,
    ops.Local: _window,
    ops.Dense: _all,
    ops.MaxPool: _window,
    ops.AveragePool: _window,
    ops.Upsample: _upsample,
    ops.BatchNorm: _same,
    ops.LocalResponseNorm: _same,
    ops.Maxout: _same,
    ops.Dropout: _same,
    ops.Reshape: _same,
    ops.Softmax: _softmax,
    ops.Add: _same,
    ops.Concatenate: _same,
    ops.Slice: _same,
}
"""One entry per operation of a checked graph; gradients and losses have no receptive field."""
