"""Forecasts: work counted by hand, times from the two ceilings."""

import pytest

from netspec.bench.products import launch_flops
from netspec.bench.work import Work, by_layer, launch_bytes, together
from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.ir import operations as ops
from netspec.targets.ceilings import Ceilings
from netspec.targets.cpu.processor import AVX512
from tests.check.reading_specs import examined

TEXT = "net n {\n input 1x6x6\n conv 2 3x3 relu\n dense 3\n}\n"
CEILINGS = Ceilings(gflops=100.0, gigabytes_a_second=10.0)


def test_the_larger_of_the_two_bounds_is_the_forecast() -> None:
    assert CEILINGS.forecast_seconds(200_000_000_000, 1) == pytest.approx(2.0)
    assert CEILINGS.forecast_seconds(1, 30_000_000_000) == pytest.approx(3.0)


def test_a_step_does_forward_and_both_gradients_but_the_images() -> None:
    experiment, _ = examined(TEXT)
    program = training_program(experiment, AVX512, 32)
    conv, dense = (row.macs for row in count(experiment.graph).layers[1:])
    assert (conv, dense) == (2 * 16 * 9, 32 * 3)
    assert sum(launch_flops(launch, 32) for launch in program.launches) == 2 * 32 * (2 * conv + 3 * dense)


def test_a_launch_moves_each_of_its_arrays_once() -> None:
    experiment, _ = examined(TEXT)
    program = training_program(experiment, AVX512, 32)
    loss = next(launch for launch in program.launches if isinstance(launch.operation, ops.LossGradient))
    assert launch_bytes(loss) >= 4 * 32 * (3 + 1 + 3)


def test_work_adds_up() -> None:
    parts = [Work("a", ("direct",), ("one",), 10, 9, 5, 0.5), Work("a", ("winograd",), ("two", "one"), 20, 5, 5, 0.5)]
    whole = Work("a", ("direct", "winograd"), ("one", "two"), 30, 14, 10, 1.0)
    assert together("a", parts) == whole
    assert by_layer([*parts, Work("b", (), (), 1, 1, 1, 1.0)]) == (whole, Work("b", (), (), 1, 1, 1, 1.0))
