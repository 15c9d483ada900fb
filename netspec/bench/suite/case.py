"""One operation on small arrays: a graph of one node, its inputs, and how near the oracle a kernel must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import DataType, Graph, Initial, Node, State, Update, Value
from netspec.ir.operations import Operation
from netspec.schedule.cuda.tiles import Choice

Arrays = dict[str, NDArray[Any]]
"""arrays by name of value"""
Prepare = Callable[[Arrays], Arrays]

TOLERANCE = 2e-5
SEED, STEP = 2**63 + 5, 2**32 + 3
"""of the counters of random numbers, beyond 32 bits"""


def unchanged(arrays: Arrays) -> Arrays:
    """Inputs as they are drawn."""
    return arrays


@dataclass(frozen=True, slots=True)
class Case:
    """`images` of a minibatch that is planned for `batch`. `tolerance` is a part of the largest number of an output, of
    1 at least; 0 asks for equal numbers. `prepare` makes the inputs of standard normal numbers, and labels of zeros.
    `tile` is that of matrix products, None for plain kernels."""

    name: str
    graph: Graph
    images: int = 5
    batch: int = 7
    tolerance: float = TOLERANCE
    prepare: Prepare = unchanged
    tile: Choice | None = None

    @property
    def operation(self) -> str:
        """Name of the operation, `Convolution`."""
        return type(self.graph.nodes[0].operation).__name__

    def arrays(self) -> Arrays:
        """The inputs, batched ones (images, *shape)."""
        generator, drawn = np.random.default_rng(len(self.name)), Arrays()
        for value in (*self.graph.inputs, *(state.value for state in self.graph.states)):
            shape = (self.images, *value.shape) if value.batched else value.shape
            is_label = value.dtype == "int32"
            drawn[value.name] = np.zeros(shape, np.int32) if is_label else generator.standard_normal(shape, np.float32)
        return self.prepare(drawn)

    def expected(self, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """The outputs by the oracle, in float64."""
        (node,) = self.graph.nodes
        inputs = tuple(_wide(arrays[value.name]) for value in node.inputs)
        results = apply(node.operation, inputs, node.outputs, Context(np.float64, SEED, STEP))
        return {value.name: array for value, array in zip(node.outputs, results, strict=True)}


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.dtype == np.int32 else array.astype(np.float64)


def batched(name: str, *shape: int, dtype: DataType = "float32") -> Value:
    """An activation, `shape` without the batch axis."""
    return Value(name, shape, True, dtype)


def single(name: str, *shape: int) -> Value:
    """A parameter, or another array without a batch axis."""
    return Value(name, shape, False)


def graph_of(
    operation: Operation,
    inputs: tuple[Value, ...],
    outputs: tuple[Value, ...],
    updates: Mapping[str, str] | None = None,
) -> Graph:
    """A graph of one node. Inputs without a batch axis are its states; `updates` says what replaces which, by name."""
    named = {value.name: value for value in (*inputs, *outputs)}
    kept = tuple(State(value, Initial("zeros")) for value in inputs if not value.batched)
    replaced = tuple(Update(named[old], named[new]) for old, new in (updates or {}).items())
    given = tuple(value for value in inputs if value.batched)
    return Graph("case", given, (), kept, (Node(operation, inputs, outputs, "layer"),), outputs, (), replaced)
