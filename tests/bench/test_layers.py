"""The roofline: work counted by hand, forecasts from the two ceilings, every launch timed."""

import pytest

from netspec.bench.layers import Ceilings, Work, launch_bytes, launch_flops, measure_layers, together, training_images
from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.ir import operations as ops
from netspec.ir.recipe import DataOptions
from netspec.ir.target import AVX512
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
    parts = [Work("a", ("one",), 10, 5, 0.5, 1.0), Work("a", ("two", "one"), 20, 5, 0.5, 2.0)]
    assert together("a", parts) == Work("a", ("one", "two"), 30, 10, 1.0, 3.0)
    assert Work("a", (), 300 * 10**9, 0, 0.0, 6.0).of_peak(CEILINGS) == pytest.approx(0.5)


def test_every_launch_is_timed_and_named(tmp_path) -> None:
    experiment, _ = examined("net n { input 4; dense 3 }\n")
    roofline = measure_layers(experiment, 16, tmp_path)
    assert all(launch.seconds > 0 and launch.kernels for launch in roofline.launches)
    assert roofline.total.seconds == pytest.approx(sum(layer.seconds for layer in roofline.layers))
    assert {launch.name for launch in roofline.launches} >= {"dense1"}


@pytest.mark.parametrize(
    ("options", "images"),
    [
        (None, None),
        (DataOptions("mnist"), 60_000),
        (DataOptions("cifar10", validate=0.1), 45_000),
        (DataOptions("mnist", take=1000, validate=0.2), 800),
        (DataOptions("mnist", classes=(0, 1)), None),
        (DataOptions("digits.npz", is_path=True), None),
    ],
)
def test_images_are_known_where_the_spec_tells(options: DataOptions | None, images: int | None) -> None:
    assert training_images(options) == images
