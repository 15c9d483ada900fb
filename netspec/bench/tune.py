"""Measures the costs that plans are made by: each algorithm on a few layers, by itself, on one thread.

A direct sum's time over its cost is the length of an issue slot. What Winograd's algorithm takes beyond its products,
in such slots, is a sum of unknown costs times known counts, one equation a layer: least squares give the costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.bench.layers import launch_seconds
from netspec.compiler import training_program
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.schedule.cpu import winograd, winograd_weights
from netspec.schedule.cpu.algorithm import direct_cost, direct_weight_cost, sliding_sum
from netspec.targets.cpu.costs import Costs
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import WINOGRAD, Launch

BATCH = 64
PROBES = (
    (16, 16, 32, 3),
    (64, 64, 16, 3),
    (128, 32, 8, 3),
    (32, 128, 8, 3),
    (128, 128, 8, 3),
    (16, 48, 16, 5),
    (32, 32, 16, 5),
)
"""Input channels, output channels, size of the maps, taps."""
SUMS = (ops.Convolution, ops.ConvolutionInputGradient)
MOST_COST = 10_000.0

Equation = tuple[tuple[int, ...], float, float]
"""How often each unknown is spent, the cost that they make up together, and the cost of the whole launch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A launch of a probe, done directly and by Winograd's algorithm, in seconds."""

    direct: Launch
    direct_seconds: float
    fast: Launch
    fast_seconds: float


def measure_costs(target: CpuTarget, cache_dir: Path | None, progress: Callable[[int, int], None]) -> Costs:
    """The costs of this machine; `progress` hears how many of how many probes are done."""
    samples: list[Sample] = []
    progress(0, len(PROBES))
    for number, probe in enumerate(PROBES, 1):
        samples += probe_samples(probe, target, cache_dir)
        progress(number, len(PROBES))
    return fit_costs(samples, target)


def probe_samples(probe: tuple[int, int, int, int], target: CpuTarget, cache_dir: Path | None) -> Iterator[Sample]:
    """The three passes of a probe's second convolution."""
    inputs, outputs, size, taps = probe
    window = f"{taps}x{taps} pad={taps // 2}"
    text = f"net probe {{ input {inputs}x{size}x{size}; conv {inputs} 1x1; conv {outputs} {window}; dense 2 }}\n"
    experiment = check_experiment(Source("probe", text))
    eager = replace(target, exact=False, costs=replace(target.costs, clearly=0.0))
    plain, fast = (training_program(experiment, how, BATCH) for how in (replace(target, exact=True), eager))
    both = zip(plain.launches, fast.launches, strict=True)
    pairs = [(one, other) for one, other in both if other.algorithm in WINOGRAD]
    seconds = launch_seconds([each for one, other in pairs for each in ((one, plain), (other, fast))], cache_dir)
    for (one, other), direct, transformed in zip(pairs, seconds[::2], seconds[1::2], strict=True):
        yield Sample(one, direct, other, transformed)


def fit_costs(samples: Sequence[Sample], target: CpuTarget) -> Costs:
    """The costs that explain the samples best, none below nothing; the ratio is the shipped one."""
    groups = -(-BATCH // target.lanes)
    sums = [sample for sample in samples if isinstance(sample.direct.operation, SUMS)]
    weights = [sample for sample in samples if not isinstance(sample.direct.operation, SUMS)]
    slot_seconds = median(s.direct_seconds / direct_cost(node_of(s.direct), s.direct.tile, groups) for s in sums)
    sliding = _solve([_sum_equation(sample, slot_seconds, groups) for sample in sums])
    gradients = _solve([_weight_equation(sample, slot_seconds, target, groups) for sample in weights])
    (lane_sum,) = _solve([_lane_equation(sample, slot_seconds, target, groups) for sample in weights])
    found = (target.costs.clearly, *sliding, *gradients, lane_sum)
    return Costs(**dict(zip((field.name for field in fields(Costs)), found, strict=True)))


def node_of(launch: Launch) -> Node:
    """The equation that a launch computes."""
    given, made = (tuple(buffer.value for buffer in buffers) for buffers in (launch.inputs, launch.outputs))
    return Node(launch.operation, given, made, launch.layer)


def _sum_equation(sample: Sample, slot_seconds: float, groups: int) -> Equation:
    layer = sliding_sum(node_of(sample.fast))
    products = winograd.product_cost(layer, sample.fast.tile, groups)
    total = sample.fast_seconds / slot_seconds
    return winograd.transforms(layer, sample.fast.tile, groups), total - products, total


def _weight_equation(sample: Sample, slot_seconds: float, target: CpuTarget, groups: int) -> Equation:
    layer, tile = winograd_weights.layer_of(node_of(sample.fast)), sample.fast.tile
    products = winograd_weights.product_cost(layer, tile, target, groups)
    total = sample.fast_seconds / slot_seconds
    return winograd_weights.transforms(layer, tile, target, groups), total - products, total


def _lane_equation(sample: Sample, slot_seconds: float, target: CpuTarget, groups: int) -> Equation:
    node = node_of(sample.direct)
    free, one = (replace(target, costs=replace(target.costs, lane_sum=cost)) for cost in (0.0, 1.0))
    products = direct_weight_cost(node, sample.direct.tile, free, groups)
    count = direct_weight_cost(node, sample.direct.tile, one, groups) - products
    total = sample.direct_seconds / slot_seconds
    return (round(count),), total - products, total


def _solve(equations: Sequence[Equation]) -> tuple[float, ...]:
    """The unknowns, from 0 to MOST_COST, that leave the least errors in relation to whole launches. One that would be
    negative is nothing, and the others are solved for without it."""
    counts = np.array([[count / whole for count in row] for row, _, whole in equations], np.float64)
    costs = np.array([rest / whole for _, rest, whole in equations], np.float64)
    found, free = np.zeros(counts.shape[1]), list(range(counts.shape[1]))
    while free:
        solution: NDArray[np.floating[Any]] = np.linalg.lstsq(counts[:, free], costs, rcond=None)[0]
        if float(solution.min()) >= 0:
            found[free] = np.minimum(solution, MOST_COST)
            break
        del free[int(solution.argmin())]
    return tuple(round(float(cost), 1) for cost in found)
