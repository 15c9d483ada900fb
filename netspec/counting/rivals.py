"""What a layer would cost if it shared fewer weights: the lecture's ideas in numbers.

Local receptive fields: an output sums up a window and not the whole input. Tied weights: all positions use one
kernel. Each idea taken away is a rival with the same outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netspec.counting.sums import Sum, has_bias, mac_sum, parameter_sum, taps, times, with_bias
from netspec.ir import operations as ops
from netspec.ir.graph import Layer, Node
from netspec.ir.shapes import elements

TIED = "tied: one kernel for all positions"
UNTIED = "untied (`local`): each position has its own"
DENSE = "fully connected (`dense`)"


@dataclass(frozen=True, slots=True)
class Rival:
    """The same outputs from the same inputs, connected in another way; `own` marks the layer as it stands."""

    name: str
    parameters: Sum
    macs: Sum
    own: bool = False


def rivals(layer: Layer) -> tuple[Rival, ...]:
    """From most shared to least; empty for a layer without a kernel."""
    return tuple(rival for node in layer.nodes for rival in _of_node(node))


def _of_node(node: Node) -> Iterator[Rival]:
    match node.operation:
        case ops.Convolution() | ops.Deconvolution() as op:
            yield Rival(TIED, parameter_sum(op, node), mac_sum(op, node), own=True)
            yield _untied(op, node)
            yield _fully_connected(node)
        case ops.Local() as op:
            yield _tied(op, node)
            yield Rival(UNTIED, parameter_sum(op, node), mac_sum(op, node), own=True)
            yield _fully_connected(node)
        case _:
            return


def _tied(op: ops.Local, node: Node) -> Rival:
    weight, bias = node.inputs[1].shape, has_bias(node)
    formula = f"{weight[0]} kernels × {with_bias(taps(op, node), bias)}"
    return Rival(TIED, Sum("parameters", formula, weight[0] * (elements(weight[3:]) + bias)), mac_sum(op, node))


def _untied(op: ops.Convolution | ops.Deconvolution, node: Node) -> Rival:
    """Every connection has a weight of its own, every output a bias of its own."""
    macs, outputs = mac_sum(op, node), node.outputs[0].shape
    value = macs.value + (elements(outputs) if has_bias(node) else 0)
    if isinstance(op, ops.Convolution):
        formula = f"{times(outputs)} outputs × {with_bias(taps(op, node), has_bias(node))}"
    else:
        formula = macs.formula + (f" + {times(outputs)} biases" if has_bias(node) else "")
    return Rival(UNTIED, Sum("parameters", formula, value), macs)


def _fully_connected(node: Node) -> Rival:
    inputs, outputs = node.inputs[0].shape, node.outputs[0].shape
    connections = elements(inputs) * elements(outputs)
    each = with_bias(f"{times(inputs)} inputs", has_bias(node))
    parameters = connections + (elements(outputs) if has_bias(node) else 0)
    return Rival(
        DENSE,
        Sum("parameters", f"{times(outputs)} outputs × {each}", parameters),
        Sum("MACs", f"{times(outputs)} outputs × {times(inputs)} inputs", connections),
    )
