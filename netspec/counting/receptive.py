"""Receptive fields: how much of the input image one number of a layer depends on.

Of every position of a value the rows and the columns that it depends on are followed from layer to layer, as the
interval from the lowest to the highest of them: real ones, as padding is none of the image. A window has the interval
around those of its taps, and so have branches around those that they join. A layer's field is the largest of all its
numbers, an axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from netspec.counting.field import (
    MOST_RUNS,
    Box,
    Field,
    Run,
    Term,
    box,
    concatenated,
    gathered,
    listed,
    mixed,
    size,
    summed,
    whole,
)
from netspec.counting.intervals import Intervals, own, repeated, slid, spread
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Shape, Value
from netspec.ir.operations import Operation, Pair, Window

LONGEST_SIDES = 1 << 20
"""Rows and columns of a value that are followed; fields of a larger one, and of those behind it, are not told."""
MOST_POSITIONS = 1 << 26
"""Rows and columns of all values together that are followed, 10,000 layers of 3,000 x 3,000 positions; of a flat vector
that is listed, its numbers, twice."""


def receptive_fields(graph: Graph) -> dict[str, Pair]:
    """Height and width by value name, 0x0 where no pixel counts. Empty for a net whose input is not an image;
    where LONGEST_SIDES or MOST_POSITIONS are passed, values from there on are missing."""
    return {value.name: size(field) for value, field in _followed(graph)}


def crop(graph: Graph, value: Value, channel: int, position: Pair | None = None) -> Box | None:
    """The part of the image that a value depends on: of a map the number of `channel` at `position` (y, x), or without
    a position any number of the channel; of a flat vector number `channel`.

    None where no pixel counts, or the input is not an image; the whole image for values that are not followed.
    """
    image = graph.inputs[0].shape
    for each, field in _followed(graph):
        if each == value:
            return box(listed(field) if len(value.shape) == 1 else field, channel, position)
    return Box(0, image[1], 0, image[2]) if len(image) == 3 else None


def _followed(graph: Graph) -> Iterator[tuple[Value, Field]]:
    """Every value with its field, up to LONGEST_SIDES and MOST_POSITIONS; none where the input is not an image."""
    image = graph.inputs[0]
    if len(image.shape) != 3:
        return
    reads = Counter(value.name for node in graph.nodes for value in node.inputs)
    fields: dict[str, Field] = {}
    left = MOST_POSITIONS
    for node, value in ((None, image), *((node, node.outputs[0]) for node in graph.nodes)):
        sides = _sides(value.shape)
        left -= sides
        if sides > LONGEST_SIDES or left < 0:
            break
        field = _image(image.shape) if node is None else _bounded(_made(node, fields), value.shape)
        fields[value.name] = field
        yield value, field
        left -= sum(2 * run.numbers for run in field if run.listed)
        if node is not None:
            _forget(node, reads, fields)


def _sides(shape: Shape) -> int:
    return int(shape[1] + shape[2]) if len(shape) == 3 else 1


def _made(node: Node, fields: Mapping[str, Field]) -> Field:
    """The field of a node's output."""
    given = (fields[value.name] for value in node.inputs if value.name in fields)
    return FIELD_RULES[type(node.operation)](node.operation, node, *given)


def _image(shape: Shape) -> Field:
    channels, height, width = (int(count) for count in shape)
    rows = own(height)
    return (Run(channels, (Term(rows, rows if height == width else own(width)),)),)


def _bounded(field: Field, shape: Shape) -> Field:
    """No more runs than are worth it."""
    if len(field) <= MOST_RUNS:
        return field
    return mixed(field, int(shape[0])) if len(shape) == 3 else listed(field)


def _forget(node: Node, reads: Counter[str], fields: dict[str, Field]) -> None:
    """Drops what no later node reads."""
    reads.subtract(value.name for value in node.inputs)
    for value in node.inputs:
        if reads[value.name] == 0:
            fields.pop(value.name, None)


# --- rules: operation, node, fields of the inputs that have one -> field of the output --------------------------------


def _same(_: Operation, __: Node, field: Field) -> Field:
    return field


Axis = Callable[[Intervals, int], Intervals]
"""the intervals of an axis of the input, and whether it is 0, the height, or 1 -> those of the output"""


def _along(field: Field, axis: Axis, *, square: bool) -> Field:
    """Every run with its axes changed; equal axes once."""
    return tuple(run._replace(terms=tuple(_moved(term, axis, square=square) for term in run.terms)) for run in field)


def _moved(term: Term, axis: Axis, *, square: bool) -> Term:
    rows = axis(term.rows, 0)
    return Term(rows, rows if square and term.rows is term.columns else axis(term.columns, 1))


def _window(op: ops.MaxPool | ops.AveragePool, node: Node, field: Field) -> Field:
    return _slid(op.window, node, field)


def _slid(window: Window, node: Node, field: Field) -> Field:
    shape = node.outputs[0].shape[1:]

    def axis(intervals: Intervals, k: int) -> Intervals:
        return slid(intervals, *_taps(window, k), int(shape[k]))

    return _along(field, axis, square=_is_square(window, shape))


def _taps(window: Window, k: int) -> tuple[int, int, int, int]:
    """Kernel, stride, padding before and dilation along an axis."""
    return int(window.kernel[k]), int(window.stride[k]), int(window.before[k]), int(window.dilation[k])


def _is_square(window: Window, shape: Sequence[int]) -> bool:
    """Whether the window does the same along both axes; `shape` is the output's height and width."""
    pairs = (window.kernel, window.stride, window.before, window.dilation, shape)
    return all(pair[0] == pair[1] for pair in pairs)


def _convolution(op: ops.Convolution, node: Node, field: Field) -> Field:
    inputs, outputs = int(node.inputs[0].shape[0]), int(node.outputs[0].shape[0])
    groups = int(op.groups)
    if groups == 1:
        return _slid(op.window, node, mixed(field, outputs))
    return _slid(op.window, node, _grouped(field, outputs, outputs // groups, inputs // groups))


def _grouped(field: Field, outputs: int, each: int, inputs: int) -> Field:
    """Groups of `each` channels out of `inputs` channels."""
    if len(field) == 1:
        return mixed(field, outputs)
    lowest = np.arange(outputs, dtype=np.int64) // each * inputs
    return gathered(field, lowest, lowest + inputs - 1)


def _local(op: ops.Local, node: Node, field: Field) -> Field:
    return _slid(op.window, node, mixed(field, int(node.outputs[0].shape[0])))


def _deconvolution(op: ops.Deconvolution, node: Node, field: Field) -> Field:
    window, (channels, *shape) = op.window, node.outputs[0].shape

    def axis(intervals: Intervals, k: int) -> Intervals:
        return spread(intervals, *_taps(window, k), int(shape[k]))

    return _along(mixed(field, int(channels)), axis, square=_is_square(window, shape))


def _upsample(op: ops.Upsample, _: Node, field: Field) -> Field:
    return _along(field, lambda intervals, _: repeated(intervals, int(op.factor)), square=True)


def _whole(_: Operation, node: Node, field: Field) -> Field:
    return whole(field, int(node.outputs[0].shape[0]))


def _maxout(op: ops.Maxout, node: Node, field: Field) -> Field:
    outputs, pieces = int(node.outputs[0].shape[0]), int(op.pieces)
    if len(node.outputs[0].shape) == 3:
        return _grouped(field, outputs, 1, pieces)
    return _neighbours(field, pieces, pieces, 0, outputs)


def _local_response_norm(op: ops.LocalResponseNorm, node: Node, field: Field) -> Field:
    """Channels c - size//2 to c + (size-1)//2."""
    channels, below = int(node.outputs[0].shape[0]), op.size // 2
    if len(node.outputs[0].shape) == 1:
        return _neighbours(field, op.size, 1, below, channels)
    if len(field) == 1:
        return field
    lowest = np.arange(channels, dtype=np.int64) - below
    return gathered(field, np.maximum(lowest, 0), np.minimum(lowest + op.size - 1, channels - 1))


def _neighbours(field: Field, kernel: int, stride: int, before: int, outputs: int) -> Field:
    """Numbers of a flat vector, each out of a window over its neighbours."""
    (run,) = listed(field)
    if not run.listed:
        return (run._replace(numbers=outputs),)
    rows, columns = (slid(axis, kernel, stride, before, 1, outputs) for axis in run.terms[0])
    return (Run(outputs, (Term(rows, columns),), listed=True),)


def _softmax(_: ops.Softmax, node: Node, field: Field) -> Field:
    """Over the channels of each position, or over all of a flat vector."""
    channels = int(node.outputs[0].shape[0])
    return mixed(field, channels) if len(node.outputs[0].shape) == 3 else whole(field, channels)


def _reshape(_: ops.Reshape, node: Node, field: Field) -> Field:
    """An image becomes whole planes of numbers, one behind the other."""
    if len(node.inputs[0].shape) == 1:
        return field
    plane = int(node.inputs[0].shape[1] * node.inputs[0].shape[2])
    return tuple(run._replace(numbers=run.numbers * plane) for run in field)


def _add(_: ops.Add, node: Node, *fields: Field) -> Field:
    if len(node.outputs[0].shape) == 3 or _of_one_plane(fields):
        return summed(fields)
    lists = [listed(field)[0] for field in fields]
    if not all(run.listed for run in lists):
        return whole(tuple(lists), lists[0].numbers)
    axes = zip(*(run.terms[0] for run in lists), strict=True)
    return (Run(lists[0].numbers, (Term(*(np.minimum.reduce(axis) for axis in axes)),), listed=True),)


def _of_one_plane(fields: tuple[Field, ...]) -> bool:
    """Whether flat vectors are single runs over planes of one size."""
    planes = {
        (term.rows.shape, term.columns.shape, run.listed) for field in fields for run in field for term in run.terms
    }
    return len(planes) == 1 and all(len(field) == 1 and not field[0].listed for field in fields)


def _concatenate(_: ops.Concatenate, __: Node, *fields: Field) -> Field:
    return concatenated(fields)


def _slice(op: ops.Slice, node: Node, field: Field) -> Field:
    if len(node.outputs[0].shape) == 1:
        return _neighbours(field, 1, 1, -op.begin, op.end - op.begin)
    channels = np.arange(op.begin, op.end, dtype=np.int64)
    return gathered(field, channels, channels)


FIELD_RULES: Mapping[type[Operation], Callable[..., Field]] = {
    ops.Activation: _same,
    ops.Convolution: _convolution,
    ops.Deconvolution: _deconvolution,
    ops.Local: _local,
    ops.Dense: _whole,
    ops.MaxPool: _window,
    ops.AveragePool: _window,
    ops.Upsample: _upsample,
    ops.BatchNorm: _same,
    ops.LocalResponseNorm: _local_response_norm,
    ops.Maxout: _maxout,
    ops.Dropout: _same,
    ops.Reshape: _reshape,
    ops.Softmax: _softmax,
    ops.Add: _add,
    ops.Concatenate: _concatenate,
    ops.Slice: _slice,
}
"""One entry per operation of a checked graph; gradients and losses have no receptive field."""
