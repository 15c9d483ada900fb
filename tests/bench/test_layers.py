"""The roofline: every launch timed."""

import pytest

from netspec.bench.forecast import Ceilings, Work
from netspec.bench.layers import Timed, measure_layers
from netspec.runtime.host import host_target
from tests.check.reading_specs import examined


def test_the_fraction_of_the_peak_is_of_flops_a_second() -> None:
    timed = Timed(Work("a", (), (), 300 * 10**9, 0, 0.0), 6.0)
    assert timed.of_peak(Ceilings(gflops=100.0, gigabytes_a_second=10.0)) == pytest.approx(0.5)


def test_every_launch_is_timed_and_named(tmp_path) -> None:
    experiment, _ = examined("net n { input 4; dense 3 }\n")
    roofline = measure_layers(experiment, 16, host_target(), tmp_path)
    assert all(launch.seconds > 0 and launch.work.kernels for launch in roofline.launches)
    assert roofline.total.seconds == pytest.approx(sum(layer.seconds for layer in roofline.layers))
    assert {launch.work.name for launch in roofline.launches} >= {"dense1"}
