"""The roofline: every launch timed."""

import pytest

from netspec.bench.layers import Roofline, Timed, exceeds_peak, measure_layers, probe_of_peak
from netspec.bench.work import Work
from netspec.runtime.cpu.host import host_target
from netspec.targets.ceilings import Ceilings
from tests.check.reading_specs import examined


def test_the_fraction_of_the_peak_is_of_flops_a_second() -> None:
    timed = Timed(Work("a", (), (), 300 * 10**9, 0, 0, 0.0), 6.0)
    assert timed.of_peak(Ceilings(gflops=100.0, gigabytes_a_second=10.0)) == pytest.approx(0.5)


def test_every_launch_is_timed_and_named(tmp_path) -> None:
    experiment, _ = examined("net n { input 4; dense 3 }\n")
    roofline = measure_layers(experiment, 16, host_target(), tmp_path)
    assert all(launch.seconds > 0 and launch.work.kernels for launch in roofline.launches)
    assert roofline.total.seconds == pytest.approx(sum(layer.seconds for layer in roofline.layers))
    assert {launch.work.name for launch in roofline.launches} >= {"dense1"}


def test_only_what_does_its_products_directly_and_faster_than_the_peak_is_told() -> None:
    ceilings = Ceilings(gflops=100.0, gigabytes_a_second=10.0)

    def launch(name: str, algorithm: str, least_flops: int) -> Timed:
        return Timed(Work(name, (algorithm,), (), 4 * least_flops, least_flops, 0, 0.0), 1.0)

    launches = (
        launch("slow", "direct", 90 * 10**9),
        launch("noisy", "direct", 104 * 10**9),
        launch("patches", "winograd", 200 * 10**9),
        launch("fast", "pointwise", 110 * 10**9),
        launch("fast", "direct", 130 * 10**9),
        launch("fast", "direct", 120 * 10**9),
    )
    roofline = Roofline(ceilings, 16, launches)
    assert roofline.beyond_peak == {"fast": pytest.approx(1.3)}


def test_a_layer_by_itself_is_held_against_the_peak(tmp_path) -> None:
    fractions = [probe_of_peak(host_target(), tmp_path, gflops) for gflops in (1e-3, 1e6)]
    assert [exceeds_peak(fraction) for fraction in fractions] == [True, False]
