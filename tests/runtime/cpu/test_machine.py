"""The CPU's machine: any number of threads, sources prepared once, memory that suffices."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cpu import machine as machine_module
from netspec.runtime.cpu.host import host_target
from tests.kernels.cpu.backend import CPU
from tests.runtime.test_machine import NETS, digits_like, forward, rates, trained, training
from tests.schedule.nets import experiment


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return trained(CPU, 1)


@pytest.mark.parametrize("threads", [2, 3, 4, 8])
def test_any_number_of_threads_gives_the_same_bits(threads: int, reference: dict[str, Any]) -> None:
    for name, array in trained(CPU, threads).items():
        np.testing.assert_array_equal(array, reference[name], err_msg=name)


def test_a_source_is_prepared_once_and_a_pass_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = list[object]()
    for name in ("prepared_source", "prepared_pass"):
        whole = getattr(machine_module, name)
        monkeypatch.setattr(
            machine_module, name, lambda *given, whole=whole: prepared.append(given[0]) or whole(*given)
        )
    machine = training(CPU, experiment(NETS["dense"]), 24)
    first = digits_like(experiment(NETS["dense"]))
    second = replace(first, order=first.order[::-1])
    for feed in (first, first, second, first):
        machine.run(feed, first=0, step_number=0, rates=rates(1))
    CPU.step(machine, 3)
    machine.run(first, first=24, step_number=0, rates=rates(1))
    assert prepared == [first.source, first, second, first, first]


def test_a_program_larger_than_memory_is_refused() -> None:
    net = experiment("net t {\ninput 3x4096x4096\nconv 4 3x3\npool avg global\n}")
    with pytest.raises(DeviceError, match="GB of memory") as caught:
        forward(CPU, net, 1 << 16)
    assert caught.value.code == "E590"


def test_the_host_has_a_target() -> None:
    assert host_target().lanes in (4, 8, 16)
