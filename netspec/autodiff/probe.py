"""Finite differences through a part of a forward pass: what a number's gradient should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir import operations as ops
from netspec.ir.evaluate import run_node
from netspec.ir.evaluate_context import Context
from netspec.ir.evaluate_loss import hinge_margins, targets_of
from netspec.ir.graph import Node

Array = NDArray[Any]

STEPS = (1e-5, 1e-6, 1e-7)
"""Tried in this order: a shorter one where a longer one crosses a kink."""
ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""Relative rounding error that a sum over a forward pass may carry."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A scalar function of one array: run `nodes`, then add up `weights[v] * v` over the values that `weights` names.

    `chained`: the nodes are all that depend on the array, each reads what the earlier ones made, and the loss weighed
    by 1 / images is the mean loss itself. Otherwise they are those that read the array, each is run by itself, and
    weighed by the gradients of their outputs they have the same derivative by the chain rule, at the cost of a layer.
    """

    nodes: tuple[Node, ...]
    weights: Mapping[str, Array]
    chained: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A central difference and the error that rounding may leave in it."""

    slope: float
    noise: float


def difference(probe: Probe, values: Mapping[str, Array], name: str, place: int, context: Context) -> Difference | None:
    """The derivative of the probe by number `place` of the array `name`; None where every step crosses a kink.

    A step crosses a kink when a maximum changes its place or a rectifier its side between its two ends.
    """
    for step in STEPS:
        ahead = _run(probe, {**values, name: _moved(values[name], place, step)}, context)
        behind = _run(probe, {**values, name: _moved(values[name], place, -step)}, context)
        if _same_choices(probe, ahead, behind):
            return _slope(probe, ahead, behind, step)
    return None


def _moved(array: Array, place: int, step: float) -> Array:
    moved = np.array(array, order="C")
    moved.reshape(-1)[place] += step
    return moved


def _run(probe: Probe, values: dict[str, Array], context: Context) -> dict[str, Array]:
    """All values, with those of the probe's nodes anew."""
    if not probe.chained:
        made = [run_node(node, values, context) for node in probe.nodes]
        return values | {name: array for outputs in made for name, array in outputs.items()}
    for node in probe.nodes:
        values.update(run_node(node, values, context))
    return values


def _slope(probe: Probe, ahead: Mapping[str, Array], behind: Mapping[str, Array], step: float) -> Difference:
    terms = [(weight * ahead[name], weight * behind[name]) for name, weight in probe.weights.items()]
    rise = sum(float((high - low).sum()) for high, low in terms)
    size = sum(float(np.abs(high).sum()) for high, _ in terms)
    return Difference(rise / (2 * step), ROUNDING * size / (2 * step))


def _same_choices(probe: Probe, ahead: Mapping[str, Array], behind: Mapping[str, Array]) -> bool:
    pairs = zip(_choices(probe, ahead), _choices(probe, behind), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def _choices(probe: Probe, values: Mapping[str, Array]) -> Iterator[Array]:
    """Which piece of each piecewise smooth operation the values lie on."""
    for node in probe.nodes:
        given = [values[value.name] for value in node.inputs]
        match node.operation:
            case ops.Activation("relu" | "leaky_relu" | "elu"):
                yield given[0] > 0
            case ops.Activation("relu6"):
                yield (given[0] > 0).astype(int) + (given[0] > 6)
            case ops.MaxPool():
                yield values[node.outputs[1].name]
            case ops.Maxout(pieces):
                n, c, *rest = given[0].shape
                yield given[0].reshape(n, c // pieces, pieces, *rest).argmax(axis=2)
            case ops.Loss("hinge"):
                yield hinge_margins(given[0], targets_of(node.operation, given[0], given[1])) > 0
            case _:
                pass
