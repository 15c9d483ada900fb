"""The checked network and every later form of it: nodes over named values, in an order that can be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netspec.diagnostics.text import Span
from netspec.ir.operations import Operation

DataType = Literal["float32", "int32"]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """An array: `conv1`, `conv1.weight`, `conv1.weight.gradient`. `shape` leaves out the batch axis of batched ones."""

    name: str
    shape: Shape
    batched: bool = True
    dtype: DataType = "float32"

    def __hash__(self) -> int:
        """Of the name alone, which a graph gives once: text keeps its own hash, and passes ask for it at every turn."""
        return hash(self.name)

    @property
    def elements(self) -> int:
        """Numbers in it, a single image's for a batched one."""
        total = 1
        for size in self.shape:
            total *= size
        return total


InitialName = Literal["he", "xavier", "normal", "uniform", "orthogonal", "zeros", "ones"]


@dataclass(frozen=True, slots=True)
class Initial:
    """How an array starts. `amount` is normal's deviation or uniform's half width."""

    kind: InitialName
    amount: float = 0.0
    fan_in: int = 1
    fan_out: int = 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A trainable array of a layer (`weight`, `bias`, `scale`, `shift`); factors multiply learning rate and decay."""

    value: Value
    initial: Initial
    rate_factor: float = 1.0
    decay_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """An array that is kept between steps and not trained: running statistics, momenta."""

    value: Value
    initial: Initial


@dataclass(frozen=True, slots=True)
class Node:
    """One operation applied. `layer` names the layer it came from (`conv1`)."""

    operation: Operation
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    layer: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of every table: one statement of the spec after expansion, its flags included.

    `parameters` names the parameters it uses; a layer with `tie` uses another's and `owned` is then empty.
    """

    name: str
    kind: str
    span: Span
    inputs: tuple[Value, ...]
    output: Value
    nodes: tuple[Node, ...]
    parameters: tuple[str, ...]
    owned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """After a step, `new` is what `old` (a parameter or a state) holds."""

    old: Value
    new: Value


@dataclass(frozen=True)
class Graph:
    """`inputs` are what the caller supplies each step (image; in a training step also label and rate).

    `arguments` are the net's own parameters with the values they were given: `D=32` of `net lecture(D=32)`.
    """

    name: str
    inputs: tuple[Value, ...]
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]
    layers: tuple[Layer, ...]
    updates: tuple[Update, ...] = ()
    arguments: tuple[tuple[str, int | float], ...] = ()
