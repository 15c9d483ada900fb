"""The backward pass: carries the cotangent of the logits back to every parameter that training moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netspec.autodiff.tape import Tape, depending_on
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Value
from netspec.ir.objective import LABEL
from netspec.ir.operations import LossName
from netspec.ir.rewrite import substitute
from netspec.ir.verify import LOSS_LAYER


@dataclass(frozen=True, slots=True)
class Backward:
    """A forward and backward pass. `cotangents` names, for every value that the loss and a trainable parameter lie on
    either side of, the value that holds its gradient; a sum's branches share the sum's."""

    graph: Graph
    cotangents: Mapping[Value, Value]


def with_backward(graph: Graph, loss: LossName) -> Backward:
    """Appends the gradients to a forward pass that ends in its loss, in reverse order of the nodes.

    The gradient of `v` is called `v.gradient`; where v is read several times its parts are `v.gradient.1`, … and their
    sum is added where v was made. A gradient that merely passes through (a sum's branch) keeps its first name.
    Nothing is computed that no trainable parameter needs. The gradient is that of the mean loss over the images.
    """
    moved = frozenset(parameter.value for parameter in graph.parameters if parameter.rate_factor != 0)
    wanted = depending_on(graph.nodes, moved)
    logits = graph.outputs[0]
    if logits not in wanted:
        return Backward(graph, {})
    tape = Tape(wanted)
    (seed,) = tape.emit(ops.LossGradient(loss), (logits, LABEL), (logits,), LOSS_LAYER)
    tape.parts[logits] = [seed]
    tape.pass_back(graph.nodes)
    owners = {name: layer.name for layer in graph.layers for name in layer.owned}
    for parameter in graph.parameters:
        if parameter.value in tape.parts:
            tape.total(parameter.value, owners[parameter.value.name])
    whole = substitute(graph, tape.plain, (*graph.nodes, *tape.nodes))
    return Backward(whole, {value: tape.plain.get(total, total) for value, total in tape.totals.items()})
