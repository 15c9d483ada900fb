"""A layer's numbers written out as sums that a person can follow.

Every formula is arithmetic with words between: without the words, its value is the number that stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netspec.counting.table import LayerCount
from netspec.ir import operations as ops
from netspec.ir.graph import Layer, Node, Shape
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.ir.shapes import elements

Weighted = ops.Convolution | ops.Deconvolution | ops.Local | ops.Dense


@dataclass(frozen=True, slots=True)
class Sum:
    """`parameters`: `50 kernels × (20 channels × 5 × 5 + 1 bias)` = 25,050"""

    what: str
    formula: str
    value: int


def layer_sums(layer: Layer, row: LayerCount) -> tuple[Sum, ...]:
    """The sums behind a layer's row of the table."""
    found = [total for node in layer.nodes for total in _node_sums(node, tied=bool(row.shares))]
    numbers = f"{times(row.shape)} {'number' if elements(row.shape) == 1 else 'numbers'}"
    return (*found, Sum("activation bytes", f"{numbers} × {FLOAT_BYTES} bytes", row.activation_bytes))


def _node_sums(node: Node, *, tied: bool) -> Iterator[Sum]:
    yield from _output_size(node)
    match node.operation:
        case ops.Convolution() | ops.Deconvolution() | ops.Local() | ops.Dense() as op:
            if not tied:
                yield parameter_sum(op, node)
            yield mac_sum(op, node)
        case ops.BatchNorm():
            channels = node.inputs[0].shape[0]
            yield Sum("parameters", f"{channels} channels × (1 scale + 1 shift)", 2 * channels)
            yield Sum("running statistics", f"{channels} channels × (1 mean + 1 variance)", 2 * channels)
        case _:
            return


def _output_size(node: Node) -> Iterator[Sum]:
    match node.operation:
        case (
            ops.Convolution(window=window)
            | ops.Local(window=window)
            | ops.MaxPool(window=window)
            | ops.AveragePool(window=window)
        ):
            formula = _slid
        case ops.Deconvolution(window=window):
            formula = _spread
        case _:
            return
    given, made = node.inputs[0].shape, node.outputs[0].shape
    yield Sum("output height", formula(window, 0, given[1]), made[1])
    yield Sum("output width", formula(window, 1, given[2]), made[2])


def _slid(window: Window, axis: int, size: int) -> str:
    """How often a window fits: `(28 - 5)/1 + 1`, with `floor` only where something is left over."""
    dilation, kernel, stride = window.dilation[axis], window.kernel[axis], window.stride[axis]
    room = " + ".join(str(part) for part in (size, window.before[axis], window.after[axis]) if part)
    reach = f"{dilation} × ({kernel} - 1) - 1" if dilation > 1 else str(kernel)
    left_over = (size + window.before[axis] + window.after[axis] - dilation * (kernel - 1) - 1) % stride
    quotient = f"({room} - {reach})/{stride}"
    return f"floor({quotient}) + 1" if left_over else f"{quotient} + 1"


def _spread(window: Window, axis: int, size: int) -> str:
    """The size that a transposed window makes."""
    cut = "".join(f" - {part}" for part in (window.before[axis], window.after[axis]) if part)
    return f"({size} - 1) × {window.stride[axis]} + {window.kernel[axis]}{cut}"


def parameter_sum(op: Weighted, node: Node) -> Sum:
    """Weights and biases of a node."""
    weight, bias = node.inputs[1].shape, has_bias(node)
    match op:
        case ops.Convolution():
            formula = f"{_counted(weight[0], 'kernel')} × {with_bias(taps(op, node), bias)}"
        case ops.Local():
            formula = f"{times(weight[:3])} outputs × {with_bias(taps(op, node), bias)}"
        case ops.Dense():
            formula = f"{_counted(weight[0], 'output')} × {with_bias(taps(op, node), bias)}"
        case ops.Deconvolution():
            biases = f" + {_counted(weight[1], 'bias', 'biases')}" if bias else ""
            formula = f"{_counted(weight[0], 'input channel')} × {_spread_taps(weight)}{biases}"
    return Sum("parameters", formula, elements(weight) + (elements(node.inputs[2].shape) if bias else 0))


def mac_sum(op: Weighted, node: Node) -> Sum:
    """Multiply-adds of a node for one image."""
    given, weight, made = node.inputs[0].shape, node.inputs[1].shape, node.outputs[0].shape
    match op:
        case ops.Deconvolution():
            formula, value = f"{times(given)} inputs × {_spread_taps(weight)}", elements(given) * elements(weight[1:])
        case ops.Convolution():
            formula, value = f"{_outputs(made)} × {taps(op, node)}", elements(made) * elements(weight[1:])
        case ops.Local() | ops.Dense():
            formula, value = f"{_outputs(made)} × {taps(op, node)}", elements(weight)
    return Sum("MACs", formula, value)


def _outputs(shape: Shape) -> str:
    return _counted(shape[0], "output") if len(shape) == 1 else f"{times(shape)} outputs"


def taps(op: ops.Convolution | ops.Local | ops.Dense, node: Node) -> str:
    """What one output sums up: `20 channels × 5 × 5`."""
    weight = node.inputs[1].shape
    match op:
        case ops.Convolution():
            return f"{_counted(weight[1], 'channel')} × {times(weight[2:])}"
        case ops.Local():
            return f"{_counted(weight[3], 'channel')} × {times(weight[4:])}"
        case ops.Dense():
            return _counted(weight[1], "input")


def _spread_taps(weight: Shape) -> str:
    return f"{_counted(weight[1], 'output channel')} × {times(weight[2:])}"


def has_bias(node: Node) -> bool:
    """Whether a node with weights adds a bias."""
    return len(node.inputs) > 2


def with_bias(summands: str, bias: bool) -> str:
    """`(20 channels × 5 × 5 + 1 bias)`, or without the bias no more than a product."""
    return f"({summands} + 1 bias)" if bias else summands


def times(shape: Shape) -> str:
    """`50 × 8 × 8`"""
    return " × ".join(str(size) for size in shape)


def _counted(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"
