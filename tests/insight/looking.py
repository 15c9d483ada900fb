"""Nets to look into: on any target of a backend, with weights in generic position, beside the oracle."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from netspec.autodiff.forward import with_indices
from netspec.autodiff.probe import Probe, differences
from netspec.insight.net import Net
from netspec.insight.units import Unit, cotangent
from netspec.ir.evaluate import evaluate
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Shape, Value
from netspec.ir.program import Program
from netspec.passes.dead import remove_dead_nodes
from netspec.passes.inference import inference
from netspec.runtime.machine import Machine
from netspec.targets.target import Target
from tests.ir.nets import replace
from tests.kernels.backends import Backend
from tests.kernels.harness import target_of
from tests.schedule.nets import experiment

Array = np.ndarray


@dataclass(frozen=True)
class TargetDevice:
    """What the package asks of a device, for one target of a backend. Its machines begin full of NaN."""

    backend: Backend
    target: Target
    threads: int

    def machine(self, program: Program) -> Machine:
        machine = self.backend.machine(program, self.threads)
        self.backend.fill(machine, float("nan"))
        return machine


def graph_of(body: str) -> Graph:
    return experiment(f"net n {{ {body} }}").graph


def weights_of(graph: Graph, seed: int = 0) -> dict[str, Array]:
    """Normal float32 numbers, of a deviation that keeps maps about as large from layer to layer; positive variances."""
    rng = np.random.default_rng(seed)
    made: dict[str, Array] = {}
    for kept in (*graph.parameters, *graph.states):
        name, shape = kept.value.name, kept.value.shape
        array = rng.normal(size=shape) / (kept.initial.fan_in**0.5 if name.endswith("weight") else 2)
        if name.endswith(("variance", "scale")):
            array = 0.5 + np.abs(array)
        made[name] = array.astype(np.float32)
    return made


def images_of(shape: Shape, images: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(images, *shape)).astype(np.float32)


def net_of(backend: Backend, graph: Graph, target: int | Target = 0, threads: int = 1) -> Net:
    device: Any = TargetDevice(backend, target_of(backend, target), threads)
    return Net(graph, weights_of(graph), device)


def forward_to(graph: Graph, value: Value) -> tuple[Graph, Value]:
    """The net up to a value as prediction runs it, and what holds the value there."""
    made = with_indices(inference(remove_dead_nodes(replace(graph, outputs=(value,))), None))
    return made, made.outputs[0]


def outputs_by_oracle(graph: Graph, value: Value, images: Array) -> Array:
    """With the weights of `net_of`."""
    made, of = forward_to(graph, value)
    return evaluate(made, {**weights_of(graph), made.inputs[0].name: images})[of.name]


def slope(net: Net, unit: Unit, images: Array, place: int) -> tuple[float, float] | None:
    """The unit's finite difference in float64 along one number of the images, and its noise; None at a kink."""
    made, of = forward_to(net.graph, unit.layer.output)
    image = made.inputs[0]
    values = evaluate(made, {**net.weights, image.name: images})
    values[image.name] = np.array(values[image.name], order="C")
    probe = Probe(made.nodes, {of.name: cotangent(unit).astype(np.float64)}, chained=True)
    found = list(differences(probe, values, image.name, place, Context(np.float64)))
    return (found[0].slope, found[0].noise) if found else None
