"""The same bits of the same steps, and what is found where one way differs."""

from time import perf_counter
from typing import Any

import pytest

from netspec.bench.suite.bits import judge_bits
from netspec.bench.suite.row import Deadline
from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.cuda.machine import CudaMachine


def later() -> Deadline:
    return Deadline(perf_counter() + 600)


@pytest.mark.slow
def test_every_way_gives_the_same_bits(device: CudaDevice):
    rows = tuple(judge_bits(device, later()))
    assert [(row.name, row.verdict) for row in rows] == [
        ("the same again", "passed"),
        ("a step a call", "passed"),
        ("walked", "passed"),
    ]
    assert rows[0].figures["arrays"] == 21


def test_another_random_number_is_found(device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
    walk = CudaMachine.walk

    def one_step_on(machine: CudaMachine, *feed: Any, step_number: int, **rest: Any) -> Any:
        return walk(machine, *feed, step_number=step_number + 1, **rest)

    monkeypatch.setattr(CudaMachine, "walk", one_step_on)
    verdicts = {row.name: (row.verdict, row.remark) for row in judge_bits(device, later())}
    assert [name for name, (verdict, _) in verdicts.items() if verdict == "failed"] == ["walked"]
    assert "the losses" in verdicts["walked"][1]
