"""Forecasts of a GPU: bytes and products of each launch against published ceilings."""

import pytest

from netspec.bench.cuda_forecast import launch_works
from netspec.bench.products import launch_flops
from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.ir import operations as ops
from netspec.targets.ceilings import Ceilings
from netspec.targets.cuda.ceilings import CEILINGS, published_ceilings
from netspec.targets.cuda.processor import SM_90, TARGETS, CudaTarget
from tests.check.reading_specs import examined

TEXT = "net n {\n input 1x6x6\n conv 2 3x3 relu\n dense 3\n}\n"


def test_a_launch_takes_its_bytes_or_its_products_and_each_of_its_kernels() -> None:
    ceilings = Ceilings(gflops=1.0, gigabytes_a_second=1.0, launch_seconds=0.25)
    program = training_program(examined(TEXT)[0], SM_90, 32)
    launches = [launch for launch in program.launches if launch.calls]
    for launch, work in zip(launches, launch_works(program, ceilings), strict=True):
        bound = max(work.least_flops, work.moved_bytes) / 1e9
        assert work.forecast_seconds == pytest.approx(bound + 0.25 * len(launch.calls))
        assert set(work.kernels) == {call.kernel for call in launch.calls}


def test_the_flops_are_those_of_the_count() -> None:
    experiment, _ = examined(TEXT)
    program = training_program(experiment, SM_90, 32)
    conv, dense = (row.macs for row in count(experiment.graph).layers[1:])
    assert sum(launch_flops(launch, 32) for launch in program.launches) == 2 * 32 * (2 * conv + 3 * dense)
    works = launch_works(program, Ceilings(1.0, 1.0))
    assert sum(work.flops for work in works) == 2 * 32 * (2 * conv + 3 * dense)


def test_a_reshape_does_nothing() -> None:
    program = training_program(examined("net n { input 2x6x6; flatten; relu; dense 3 }\n")[0], SM_90, 32)
    assert any(isinstance(launch.operation, ops.Reshape) for launch in program.launches)
    works = launch_works(program, Ceilings(1.0, 1.0, 1.0))
    assert len(works) == sum(not isinstance(launch.operation, ops.Reshape) for launch in program.launches)


def test_every_target_has_ceilings_and_another_architecture_those_of_an_older_one() -> None:
    assert CEILINGS.keys() == TARGETS.keys()
    assert all(published_ceilings(target) == CEILINGS[name] for name, target in TARGETS.items())
    others = {"sm_75": "sm_80", "sm_86": "sm_80", "sm_103": "sm_100", "sm_120": "sm_100"}
    for other, known in others.items():
        assert published_ceilings(CudaTarget(other, 1, 1)) == CEILINGS[known]
