"""The end of a training step: stochastic gradient descent on every parameter that has a gradient."""

from __future__ import annotations

from dataclasses import replace

from netspec.autodiff.tape import gradient_of
from netspec.ir.graph import Graph, Initial, Node, Parameter, State, Update, Value
from netspec.ir.objective import RATE
from netspec.ir.operations import SgdUpdate
from netspec.ir.recipe import Sgd
from netspec.ir.rewrite import with_nodes


def with_updates(graph: Graph, sgd: Sgd) -> Graph:
    """Appends the input `rate`, an SgdUpdate a parameter, and with momentum a velocity `w.velocity` that starts at 0.

    They stand last, after everything that reads a parameter, so new values may be written over the old ones.
    """
    made = {value for node in graph.nodes for value in node.outputs}
    moved = [parameter for parameter in graph.parameters if gradient_of(parameter.value) in made]
    owners = {name: layer.name for layer in graph.layers for name in layer.owned}
    velocities = tuple(State(_velocity(p.value), Initial("zeros")) for p in moved if sgd.momentum > 0)
    updating = [_update_node(parameter, sgd, owners[parameter.value.name]) for parameter in moved]
    updates = [Update(old, new) for node in updating for old, new in _replaced(node)]
    return replace(
        with_nodes(graph, (*graph.nodes, *updating)),
        inputs=(*graph.inputs, RATE),
        states=(*graph.states, *velocities),
        updates=(*graph.updates, *updates),
    )


def _update_node(parameter: Parameter, sgd: Sgd, layer: str) -> Node:
    operation = SgdUpdate(sgd.momentum, sgd.nesterov, sgd.decay * parameter.decay_factor, parameter.rate_factor)
    weight = parameter.value
    kept = (weight, _velocity(weight)) if sgd.momentum > 0 else (weight,)
    new = tuple(replace(value, name=f"{value.name}.new") for value in kept)
    return Node(operation, (weight, gradient_of(weight), *kept[1:], RATE), new, layer)


def _replaced(node: Node) -> list[tuple[Value, Value]]:
    """Pairs of old and new; the gradient and the rate stay."""
    weight, _, *velocity, _ = node.inputs
    return list(zip((weight, *velocity), node.outputs, strict=True))


def _velocity(weight: Value) -> Value:
    return replace(weight, name=f"{weight.name}.velocity")
