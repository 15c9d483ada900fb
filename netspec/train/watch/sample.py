"""A sample of an epoch: a few minibatches near its end, probed for flat layers and for statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netspec.ir.graph import Graph
from netspec.ir.program import Program
from netspec.runtime.feed import Pass, Rates
from netspec.runtime.machine import Machine
from netspec.train.step.scores import Array
from netspec.train.watch.layer_statistics import LayerStatistics, StepStatistics
from netspec.train.watch.probe import Probe, look
from netspec.train.watch.slope import activation_of, can_be_flat, flat

SAMPLE_IMAGES = 64
"""A layer is dead when it is flat for so many images, or for all that whole minibatches hold."""

FEW_IMAGES = 16
"""Images probed first: usually enough to see that a layer is alive."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Result over `images` images of an epoch: the `flat` layers, flat for all of them (`slope.py`), sorted; and
    `layers`, statistics of the first step of the sample, where requested."""

    images: int = 0
    flat: tuple[str, ...] = ()
    layers: tuple[LayerStatistics, ...] = ()


UNSAMPLED = Sample()


def sampled_steps(images: int, batch: int) -> range:
    """Steps of an epoch, counted from zero, that a sample may be taken from: the last whole minibatches that together
    hold SAMPLE_IMAGES."""
    whole = images // batch
    return range(max(0, whole + -SAMPLE_IMAGES // batch), whole)


def undecided(sample: Sample) -> bool:
    """Whether one more minibatch can change the sample: not once every layer is alive."""
    return not sample.images or bool(sample.flat)


def take_sampled(
    machine: Machine, feed: Pass, before: Sample, *, first: int, step_number: int, rates: Rates, measure: Graph | None
) -> tuple[Sample, Array]:
    """Takes one step as `Machine.run` does, to the same bits; returns the sample after it and the metrics.

    `measure` is the net where layer statistics are requested, else None.
    """
    found: set[str] = set()
    statistics = StepStatistics(machine, measure) if measure and not before.images else None

    def see(probe: Probe) -> None:
        if probe.role == "activations" and _flat(probe):
            found.add(probe.layer)
        if statistics:
            statistics.see(probe)

    metrics = look(machine, feed, first=first, step_number=step_number, rates=rates, see=see)
    still = found.intersection(before.flat) if before.images else found
    images = before.images + min(SAMPLE_IMAGES, machine.program.batch)
    return Sample(images, tuple(sorted(still)), statistics.layers() if statistics else before.layers), metrics


def _flat(probe: Probe) -> bool:
    activation = activation_of(probe.operation)
    return can_be_flat(activation) and all(
        flat(activation, probe.read_few(images)) for images in (FEW_IMAGES, SAMPLE_IMAGES)
    )


def flat_functions(program: Program, layers: Iterable[str]) -> dict[str, str]:
    """The activation of every layer that can be flat."""
    wanted, functions = set(layers), dict[str, str]()
    for launch in program.launches:
        activation = activation_of(launch.operation)
        if launch.layer in wanted and can_be_flat(activation):
            functions[launch.layer] = activation.function
    return functions
