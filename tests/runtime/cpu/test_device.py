"""Programs run on this machine, with its own threads unless told otherwise."""

from dataclasses import replace

import pytest

from netspec.compiler import prediction_program
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.runtime.cpu import device as device_file
from netspec.runtime.cpu.device import CpuDevice, host_device
from netspec.runtime.cpu.processors import usable_cores
from netspec.runtime.device import USUAL, DeviceChoice
from netspec.targets.cpu.processor import ARITHMETIC, AVX2, AVX512, TARGETS, CpuTarget


def test_the_host_is_a_known_target_with_at_least_one_thread() -> None:
    device = host_device()
    assert device.target in TARGETS.values()
    assert device.threads == usable_cores() >= 1
    assert host_device(DeviceChoice(3)).threads == 3
    assert host_device(DeviceChoice(exact=True)).target == replace(device.target, exact=True)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_without_a_table_the_costs_are_those_of_the_target(target: CpuTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_file, "host_target", lambda: target)
    assert host_device().target.costs == target.costs
    assert host_device().planned_by == USUAL
    other = replace(target.costs, winograd_input=7.0)
    device = host_device(DeviceChoice(costs=other))
    assert device.target.costs == device.planned_by.costs == other


def test_a_table_of_another_target_is_a_choice_like_any() -> None:
    device = CpuDevice(replace(AVX2, costs=AVX512.costs))
    assert device.planned_by.costs == AVX512.costs != AVX2.costs


def test_the_facts_tell_the_arithmetic_and_the_costs() -> None:
    facts, others = CpuDevice(AVX2).facts(), CpuDevice(replace(AVX2, costs=AVX512.costs)).facts()
    assert facts["arithmetic"] == ARITHMETIC
    assert {name for name in facts if facts[name] != others[name]} == {"costs"}


def test_a_machine_runs_the_program_on_the_devices_threads() -> None:
    device = host_device(DeviceChoice(2))
    experiment = check_experiment(Source("<text>", "net n { input 3; dense 2 }\n"))
    machine = device.machine(prediction_program(experiment, device.target, 4))
    assert machine.threads == 2
    assert machine.program.batch == 4
