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
"""Tried in this order: shorter ones for where a longer one crosses a kink, or the function bends too much."""
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


def differences(
    probe: Probe, values: Mapping[str, Array], name: str, place: int, context: Context
) -> Iterator[Difference]:
    """The derivative of the probe by number `place` of the array `name`, a step at a time; none that crosses a kink.

    A step crosses a kink when a maximum changes its place or a rectifier its side between its two ends. The array must
    be in C order and share its memory with no other value: it is changed in place, and put back before each yield.
    """
    flat = values[name].reshape(-1)
    centre = flat[place]
    for step in STEPS:
        ends: list[_End] = []
        for moved in (centre + step, centre - step):
            flat[place] = moved
            ends.append(_end(probe, values, context))
        flat[place] = centre
        ahead, behind = ends
        if all(np.array_equal(one, other) for one, other in zip(ahead.choices, behind.choices, strict=True)):
            yield _central(ahead, behind, step)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a step: the weighed values, and the side or place that each piecewise operation chose."""

    terms: tuple[Array, ...]
    choices: tuple[Array, ...]


def _end(probe: Probe, values: Mapping[str, Array], context: Context) -> _End:
    found = dict(values)
    for node in probe.nodes:
        found.update(run_node(node, found if probe.chained else values, context))
    terms = tuple(weight * found[name] for name, weight in probe.weights.items())
    return _End(terms, tuple(_choices(probe, found)))


def _central(ahead: _End, behind: _End, step: float) -> Difference:
    rise = sum(float((high - low).sum()) for high, low in zip(ahead.terms, behind.terms, strict=True))
    size = sum(float(np.abs(high).sum()) for high in ahead.terms)
    return Difference(rise / (2 * step), ROUNDING * size / (2 * step))


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
