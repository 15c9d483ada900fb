"""Programs run on this machine, with its own threads unless told otherwise."""

from dataclasses import replace

from netspec.compiler import prediction_program
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.runtime.cpu.device import host_device
from netspec.runtime.cpu.processors import usable_cores
from netspec.runtime.device import DeviceChoice
from netspec.targets.cpu.processor import TARGETS


def test_the_host_is_a_known_target_with_at_least_one_thread() -> None:
    device = host_device()
    assert device.target in TARGETS.values()
    assert device.threads == usable_cores() >= 1
    assert host_device(DeviceChoice(3)).threads == 3
    assert host_device(DeviceChoice(exact=True)).target == replace(device.target, exact=True)


def test_a_machine_runs_the_program_on_the_devices_threads() -> None:
    device = host_device(DeviceChoice(2))
    experiment = check_experiment(Source("<text>", "net n { input 3; dense 2 }\n"))
    machine = device.machine(prediction_program(experiment, device.target, 4))
    assert machine.threads == 2
    assert machine.program.batch == 4
