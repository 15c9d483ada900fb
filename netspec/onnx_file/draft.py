"""An ONNX graph while it is written, as plain data: no package of ONNX's is needed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.graph import Value

Array = NDArray[Any]
Attribute = int | float | str | list[int]


@dataclass(frozen=True, slots=True)
class Step:
    """One node of ONNX's with one output. An empty input name leaves out an optional input; attributes are of the type
    `Attribute`."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


@dataclass
class Draft:
    """Steps in order, and the constants that they read beside `arrays`, the weights and statistics by name.

    Values keep the names of netspec's graph. What a layer needs beside them is named after its output, with a slash,
    which no layer's name holds: `conv1/linear`.
    """

    arrays: Mapping[str, Array]
    steps: list[Step] = field(default_factory=list[Step])
    constants: dict[str, Array] = field(default_factory=dict[str, Array])

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Appends a node and gives the name of its output."""
        self.steps.append(Step(kind, tuple(inputs), output, attributes))
        return output

    def constant(self, name: str, array: Array) -> str:
        """Names a constant. Under one name there is one array."""
        self.constants[name] = array
        return name

    def scalar(self, name: str, number: float) -> str:
        return self.constant(name, np.array(number, np.float32))

    def reshaped(self, x: str, output: str, *shape: int) -> str:
        """`x` as (N, *shape); one size may be -1."""
        sizes = self.constant(f"{output}/shape", np.array([0, *shape], np.int64))  # 0: as many as there are
        return self.add("Reshape", (x, sizes), output)

    def flat(self, x: Value, output: str) -> str:
        """`x` as (N, features): itself where it is flat already."""
        return x.name if len(x.shape) == 1 else self.reshaped(x.name, f"{output}/flat", x.elements)

    def read_arrays(self) -> dict[str, Array]:
        """Every array that a step reads, by name."""
        known = {**self.arrays, **self.constants}
        return {name: known[name] for step in self.steps for name in step.inputs if name in known}
