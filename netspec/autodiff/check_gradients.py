"""Gradient check: every derivative of a net beside finite differences, both by the oracle in float64.

A small net is checked end to end: a parameter is moved and the loss computed anew. Where that would take too long, it
is checked link by link: each array is moved and only the layers that read it are computed anew, weighed by the
gradients of what they make. If every link holds, down from the loss, so does the chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from netspec.autodiff.differentiate import gradients
from netspec.autodiff.probe import Difference, Probe, differences
from netspec.ir import operations as ops
from netspec.ir.counts import macs
from netspec.ir.evaluate import evaluate
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Node, Parameter, Value
from netspec.ir.objective import LABEL, LOSS
from netspec.ir.operations import LossName

Array = NDArray[Any]
Method = Literal["end to end", "link by link"]

TOLERANCE = 1e-4
"""Largest relative error of an element that agrees."""
DOUBT = 4.0
"""Noise that is taken for granted, in units of what two steps disagree by."""
SMALLEST = float(np.finfo(np.float64).tiny)
IMAGES: Mapping[Method, int] = {"end to end": 4, "link by link": 2}
MOST_SAMPLES = 16
TRIES = 4
"""At most so many elements are tried for each one compared, when kinks are in the way."""
SAMPLES_END_TO_END = 4
"""A net for which fewer would be affordable is checked link by link."""
WORK_LIMIT = 4e9
"""Multiply-adds that finite differences may take; a few seconds."""
WORK_PER_ELEMENT, WORK_PER_WEIGHT = 20, 10
"""What a number of an image, and one of a parameter, costs besides its multiply-adds, counted in these."""


@dataclass(frozen=True, slots=True)
class Row:
    """One array: how many of its `elements` were compared, and how far off the worst was.

    `at_kinks` counts samples left out because no step stayed on one side of a kink. `largest_error` is relative to the
    derivative, or where that is so small that rounding hides it, to the smallest that could be seen.
    """

    name: str
    kind: Literal["parameter", "activation"]
    elements: int
    checked: int
    at_kinks: int
    largest_error: float

    @property
    def agrees(self) -> bool:
        return self.largest_error <= TOLERANCE


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """All rows, how they came about, and the parameters that training does not move and nothing was checked of."""

    method: Method
    images: int
    rows: tuple[Row, ...]
    frozen: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return all(row.agrees for row in self.rows)


def check_gradients(
    graph: Graph, loss: LossName, *, seed: int = 1, method: Method | None = None, samples: int | None = None
) -> GradientCheck:
    """Checks the gradients of a training step on a few random images, at random parameters.

    `method` and `samples` (elements an array) are chosen by the net's size unless given. Parameters are random, biases
    too, so that no rectifier stands exactly at its kink; the graph's own initial values play no part.
    """
    backward = gradients(graph, loss)
    forward = _forward_nodes(backward.graph)
    moved = [p.value for p in backward.graph.parameters if p.value in backward.cotangents]
    method = method or _affordable(forward, moved)
    checked = moved if method == "end to end" else [*moved, *(v for v in backward.cotangents if v.batched)]
    nodes = {value: _nodes_of(method, forward, value) for value in checked}
    rng = np.random.default_rng(seed)
    values = evaluate(backward.graph, random_feeds(backward.graph, IMAGES[method], rng), seed=seed)
    cotangents = {value.name: values[gradient.name] for value, gradient in backward.cotangents.items()}
    rows: list[Row] = []
    for value in checked:
        probe = Probe(nodes[value], _weights(method, nodes[value], cotangents), method == "end to end")
        enough = samples or _affordable_samples(_work(method, nodes[value]), WORK_LIMIT / len(checked))
        rows.append(_row(value, probe, values, cotangents[value.name], _Sampling(enough, seed, rng)))
    frozen = tuple(p.value.name for p in graph.parameters if p.rate_factor == 0)
    return GradientCheck(method, IMAGES[method], tuple(rows), frozen)


@dataclass(frozen=True, slots=True)
class _Sampling:
    """How many elements of an array are tried, and by which random numbers."""

    samples: int
    seed: int
    rng: np.random.Generator

    def places(self, gradient: Array) -> list[int]:
        """All of a small array, else the largest gradient and random others; some to spare, for those at a kink."""
        tried = min(self.samples * TRIES, gradient.size)
        if tried == gradient.size:
            return list(range(gradient.size))
        others = self.rng.choice(gradient.size, tried, replace=False).tolist()
        return list(dict.fromkeys([int(np.abs(gradient).argmax()), *others]))


def _row(value: Value, probe: Probe, values: Mapping[str, Array], gradient: Array, sampling: _Sampling) -> Row:
    values = {**values, value.name: np.array(values[value.name], order="C")}
    errors: list[float] = []
    at_kinks = 0
    for place in sampling.places(gradient):
        if len(errors) == sampling.samples:
            break
        found = differences(probe, values, value.name, place, Context(np.float64, sampling.seed))
        error = _smallest_error(float(gradient.flat[place]), found)
        if error is None:
            at_kinks += 1
        else:
            errors.append(error)
    kind = "activation" if value.batched else "parameter"
    return Row(value.name, kind, gradient.size, len(errors), at_kinks, max(errors, default=0.0))


def _smallest_error(gradient: float, found: Iterable[Difference]) -> float | None:
    """That of the first step that agrees, else the smallest of all; None where there is no step.

    What a step and the one before disagree by is noise too: rounding that the estimate does not know, as where a mean
    is taken off numbers close to it.
    """
    errors: list[float] = []
    before: float | None = None
    for each in found:
        doubt = 0.0 if before is None else DOUBT * abs(each.slope - before)
        errors.append(_error(gradient, each.slope, max(each.noise, doubt)))
        before = each.slope
        if errors[-1] <= TOLERANCE:
            break
    return min(errors, default=None)


def _error(gradient: float, slope: float, noise: float) -> float:
    """How far apart the two are, relative to the larger, or to what rounding lets one see; infinite where one is not
    a number."""
    if not np.isfinite(gradient) or not np.isfinite(slope):
        return float("inf")
    return abs(gradient - slope) / max(abs(gradient), abs(slope), noise / TOLERANCE, SMALLEST)


def _forward_nodes(graph: Graph) -> tuple[Node, ...]:
    """Up to the loss."""
    end = next(place for place, node in enumerate(graph.nodes) if isinstance(node.operation, ops.Loss))
    return graph.nodes[: end + 1]


def _nodes_of(method: Method, forward: tuple[Node, ...], value: Value) -> tuple[Node, ...]:
    """What a probe of `value` computes anew: all that depends on it, or only what reads it."""
    if method == "link by link":
        return tuple(node for node in forward if value in node.inputs)
    reached = {value}
    nodes: list[Node] = []
    for node in forward:
        if not reached.isdisjoint(node.inputs):
            reached.update(node.outputs)
            nodes.append(node)
    return tuple(nodes)


def _weights(method: Method, nodes: tuple[Node, ...], cotangents: Mapping[str, Array]) -> dict[str, Array]:
    """The mean loss, or the gradients of what each node makes."""
    mean = np.asarray(1 / IMAGES[method])
    if method == "end to end":
        return {LOSS.name: mean}
    known = {**cotangents, LOSS.name: mean}
    made = [node.outputs[0].name for node in nodes]
    return {name: known[name] for name in made if name in known}


def _affordable(forward: tuple[Node, ...], moved: Iterable[Value]) -> Method:
    whole = sum(_work("end to end", _nodes_of("end to end", forward, value)) for value in moved)
    return "end to end" if SAMPLES_END_TO_END * whole <= WORK_LIMIT else "link by link"


def _affordable_samples(work: int, limit: float) -> int:
    return int(np.clip(limit // max(work, 1), 1, MOST_SAMPLES))


def _work(method: Method, nodes: tuple[Node, ...]) -> int:
    """Multiply-adds, and their like, of one central difference."""
    an_image = sum(macs(node) + WORK_PER_ELEMENT * _elements(node.outputs, batched=True) for node in nodes)
    weights = sum(_elements(node.inputs, batched=False) for node in nodes)
    return 2 * (IMAGES[method] * an_image + WORK_PER_WEIGHT * weights)


def _elements(values: tuple[Value, ...], *, batched: bool) -> int:
    return sum(value.elements for value in values if value.batched == batched)


def random_feeds(graph: Graph, images: int, rng: np.random.Generator) -> dict[str, Array]:
    """Random images, labels and parameters; running statistics play no part in training."""
    feeds = {parameter.value.name: _draw(parameter, rng) for parameter in graph.parameters}
    feeds |= {state.value.name: np.ones(state.value.shape) for state in graph.states}
    loss = next(node for node in graph.nodes if isinstance(node.operation, ops.Loss))
    for value in graph.inputs:
        shape = (images, *value.shape)
        feeds[value.name] = rng.integers(0, _classes(loss), shape) if value == LABEL else rng.normal(size=shape)
    return feeds


def _classes(loss: Node) -> int:
    """Labels of a net of one output are 0 and 1, save for cross_entropy, where there is one class."""
    outputs = loss.inputs[0].elements
    return outputs if loss.operation == ops.Loss("cross_entropy") else max(2, outputs)


def _draw(parameter: Parameter, rng: np.random.Generator) -> Array:
    """Weights of deviation sqrt(2 / fan-in), so that signals neither die nor explode; biases near 0, scales near 1."""
    shape = parameter.value.shape
    if len(shape) in (1, 3):
        return (parameter.initial.kind == "ones") + 0.1 * rng.normal(size=shape)
    taps = shape[3:] if len(shape) == 6 else shape[1:]
    return rng.normal(size=shape) * np.sqrt(2 / np.prod(taps))
