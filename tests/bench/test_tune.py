"""Costs from times: what made-up machines take is found again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from netspec.bench import tune
from netspec.bench.tune import BATCH, SUMS, fit_costs, measure_costs, node_of, probe_samples
from netspec.schedule.cpu import winograd, winograd_weights
from netspec.schedule.cpu.algorithm import direct_cost, direct_weight_cost, sliding_sum
from netspec.targets.cpu.costs import SHIPPED, Costs
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.cpu.program import Launch, Program

SLOT_SECONDS = 2e-10


def made_up_seconds(launch: Launch, target: CpuTarget) -> float:
    """What a launch takes on a machine that the model describes exactly."""
    node, groups = node_of(launch), -(-BATCH // target.lanes)
    if isinstance(launch.operation, SUMS):
        if launch.algorithm == "winograd":
            return SLOT_SECONDS * winograd.total_cost(sliding_sum(node), launch.tile, target, groups)
        return SLOT_SECONDS * direct_cost(node, launch.tile, groups)
    if launch.algorithm == "winograd":
        return SLOT_SECONDS * winograd_weights.total_cost(winograd_weights.layer_of(node), launch.tile, target, groups)
    return SLOT_SECONDS * direct_weight_cost(node, launch.tile, target, groups)


@pytest.mark.parametrize("target", [AVX512, AVX2])
@pytest.mark.parametrize("costs", [SHIPPED, Costs(1.15, 100, 900, 300, 700, 2000, 0, 90, 10, 5)])
def test_the_costs_of_a_machine_are_found(target: CpuTarget, costs: Costs, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(launches: Sequence[tuple[Launch, Program]], cache_dir: Path | None) -> list[float]:
        return [made_up_seconds(launch, replace(target, costs=costs)) for launch, _ in launches]

    monkeypatch.setattr(tune, "launch_seconds", seconds)
    heard: list[tuple[int, int]] = []
    found = measure_costs(target, None, lambda done, probes: heard.append((done, probes)))
    for name in ("winograd_input", "winograd_output_3x3", "winograd_output_5x5", "winograd_kernels", "lane_sum"):
        assert getattr(found, name) == pytest.approx(getattr(costs, name), abs=0.2), name
    assert found.winograd_weights_input == pytest.approx(costs.winograd_weights_input, abs=0.2)
    assert found.clearly == SHIPPED.clearly
    assert heard == [(done, len(tune.PROBES)) for done in range(len(tune.PROBES) + 1)]


def test_a_machine_that_is_faster_than_its_products_has_no_negative_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "launch_seconds", lambda launches, cache_dir: [1e-9] * len(launches))
    samples = list(probe_samples(tune.PROBES[0], AVX512, None))
    assert len(samples) == 3
    costs = fit_costs([replace(sample, direct_seconds=1.0) for sample in samples], AVX512)
    assert min(costs.winograd_input, costs.winograd_output_3x3, costs.winograd_kernels) == 0
