"""The table of a network's costs, a row a layer."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.counting.receptive import receptive_fields
from netspec.ir.collector import resting_collector
from netspec.ir.counts import macs
from netspec.ir.graph import Graph, Layer, Shape
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Pair

CONVENTIONS = (
    "parameters are trainable numbers, shared ones once (batch normalisation's running mean and variance are listed "
    "apart); a MAC is one multiply-add of a conv, local, deconv or dense layer, bias excluded, for one image; "
    "FLOPs = 2 × MACs"
)
"""Stands in every table and every JSON object of counts."""
ACTIVATIONS = (
    "activation bytes are a layer's output for one image in float32; a receptive field is the part of the image, "
    "height x width without padding, that one number depends on, the largest of the layer"
)


@dataclass(frozen=True, slots=True)
class LayerCount:
    """A row. `parameters` are those the layer owns: a tied layer shares another's and has none of its own."""

    name: str
    kind: str
    line: int
    shape: Shape
    parameters: int
    statistics: int
    """running means and variances, which are not trained"""
    macs: int
    """multiply-adds for one image"""
    receptive_field: Pair | None
    """height and width in pixels of the image; None where the input is no image, or too large to be followed"""
    shares: tuple[str, ...]
    """parameters of another layer that this one uses"""

    @property
    def activation_bytes(self) -> int:
        """The output of one image in float32."""
        total = FLOAT_BYTES
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class Count:
    """A whole network's. Sums of a traced graph are traced: they carry their closed forms."""

    name: str
    layers: tuple[LayerCount, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def statistics(self) -> int:
        return sum(layer.statistics for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def flops(self) -> int:
        return 2 * self.macs

    @property
    def activation_bytes(self) -> int:
        return sum(layer.activation_bytes for layer in self.layers)


@resting_collector()
def count(graph: Graph) -> Count:
    """Counts a checked graph."""
    sizes = {parameter.value.name: parameter.value.elements for parameter in graph.parameters}
    statistics: dict[str, int] = {}
    for state in graph.states:
        owner = state.value.name.rpartition(".")[0]
        statistics[owner] = statistics.get(owner, 0) + state.value.elements
    fields = receptive_fields(graph)
    return Count(graph.name, tuple(_row(layer, sizes, statistics, fields) for layer in graph.layers))


def _row(layer: Layer, sizes: dict[str, int], statistics: dict[str, int], fields: dict[str, Pair]) -> LayerCount:
    return LayerCount(
        name=layer.name,
        kind=layer.kind,
        line=layer.span.line,
        shape=layer.output.shape,
        parameters=sum(sizes[name] for name in layer.owned),
        statistics=statistics.get(layer.name, 0),
        macs=sum(macs(node) for node in layer.nodes),
        receptive_field=fields.get(layer.output.name),
        shares=tuple(name for name in layer.parameters if name not in layer.owned),
    )
