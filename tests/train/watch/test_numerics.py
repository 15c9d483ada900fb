"""A step taken apart names the first array that is broken, and tells the largest numbers of each layer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.runtime.device import Device
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.training import Training
from netspec.train.watch.numerics import Culprit, Magnitude, NumericsReport, magnitude
from netspec.train.watch.probe import Probe, look
from tests.train.test_loop import data_of, experiment_of

NET = """net n { input 1x8x8; conv 4 3x3 relu; conv 6 3x3 sigmoid as second; dense 10 }
data digits take=50
train { sgd rate=0.1 momentum=0.9; batch 20; seed 3 }
"""


def training(device: Device) -> Training:
    experiment = experiment_of(NET)
    return Training(experiment, data_of(experiment), device, Snapshot(Position(), {}))


def test_the_largest_finite_number_and_the_count_of_others() -> None:
    numbers = np.array([1, -3, np.nan, np.inf], np.float32)
    assert magnitude(numbers, "here") == Magnitude(3, "here", 2)
    assert magnitude(numbers[2:], "here") == Magnitude(None, "here", 2)
    assert magnitude(numbers[2:], "a").joined(magnitude(0 * numbers[:1], "b")) == Magnitude(0, "b", 2)
    assert magnitude(numbers[:2], "a").joined(magnitude(numbers[:1], "b")) == Magnitude(3, "a")
    assert magnitude(numbers[:1], "a").joined(magnitude(numbers[1:3], "b")) == Magnitude(3, "b", 1)


def test_a_sound_step_has_figures_and_no_culprit(device: Device) -> None:
    whole = training(device)
    weights = whole.weights()
    taken = whole.report_numerics("training")
    assert taken.culprit is None
    assert (taken.images, taken.rate) == (20, 0.1)
    assert taken.loss == pytest.approx(np.log(10), rel=0.5)
    assert [layer.name for layer in taken.layers] == ["input", "conv1", "second", "dense1"]
    rows = {layer.name: layer for layer in taken.layers}
    assert rows["input"].weights is rows["input"].gradients is None
    for name in ("conv1", "second", "dense1"):
        wanted = max(float(np.abs(weights[f"{name}.{kind}"]).max()) for kind in ("weight", "bias"))
        size = rows[name].weights
        assert size is not None
        assert size.largest == wanted
    assert rows["second"].activations is not None
    assert 0 < rows["second"].activations.comparable < 1
    assert taken.largest_weight == max((layer.weights for layer in taken.layers if layer.weights), key=_largest)


def _largest(size: Magnitude) -> float:
    return size.comparable


def test_the_gradients_are_those_that_the_update_takes(device: Device) -> None:
    whole, seen = training(device), dict[str, float]()

    def see(probe: Probe) -> None:
        if probe.role == "weight gradient":
            seen[probe.of] = float(np.abs(probe.read()).max())

    before = whole.weights()
    look(whole.machine, whole.batches().feed, first=0, step_number=0, rates=np.full((1, 1), 0.5), see=see)
    for name, after in whole.weights().items():
        assert np.abs(after - before[name]).max() == pytest.approx(0.5 * seen[name], rel=1e-3), name


@pytest.mark.parametrize(
    ("name", "value"), [("conv1.weight", np.nan), ("second.weight", np.nan), ("dense1.bias", np.inf)]
)
def test_a_weight_that_is_not_finite_before_the_step_is_named_and_not_what_it_spoils(
    device: Device, name: str, value: float
) -> None:
    taken, layer = broken(device, name, value), name.split(".")[0]
    assert taken.culprit == Culprit(name, layer, "weight", name, bool(np.isnan(value)), broken=1)
    assert next(row for row in taken.layers if row.name == layer).weights.broken == 1  # pyright: ignore


@pytest.mark.parametrize("layer", ["conv1", "dense1"])
def test_the_first_layer_that_shows_it_is_named(device: Device, layer: str) -> None:
    whole = training(device)
    weights = whole.machine.read(f"{layer}.weight")
    whole.machine.write(f"{layer}.weight", np.where(weights > 0, 3e38, -3e38).astype(np.float32))
    taken = whole.report_numerics("training")
    assert taken.culprit is not None
    assert (taken.culprit.role, taken.culprit.layer) == ("activations", layer)
    assert taken.culprit.images == 20


def broken(device: Device, name: str, value: float) -> NumericsReport:
    whole = training(device)
    array = whole.machine.read(name)
    array.flat[0] = value
    whole.machine.write(name, array)
    return whole.report_numerics("training")


def test_a_gradient_that_overflows_is_told_from_its_layer(device: Device) -> None:
    whole = training(device)
    for name, array in whole.weights().items():
        if name.endswith("weight"):
            whole.machine.write(name, array * np.float32(1e20 if name == "dense1.weight" else 1))
    taken = whole.report_numerics("training")
    assert taken.culprit is None or taken.culprit.role in ("gradient", "weight gradient", "loss")
    assert taken.largest_gradient is not None
    assert taken.largest_gradient.comparable > 1e10


@pytest.mark.parametrize("name", ["conv1.weight", "second.weight", "dense1.bias"])
def test_no_gradient_is_told_of_where_a_number_broke_before_any_was_there(device: Device, name: str) -> None:
    taken = broken(device, name, np.inf)
    assert taken.culprit is not None
    assert taken.culprit.role == "weight"
    assert taken.largest_gradient is None
    assert all(layer.gradients is None for layer in taken.layers)


@given(st.sampled_from((1e20, 1e30, 3e38)), st.sampled_from(("conv1.weight", "second.weight", "dense1.weight")))
@settings(max_examples=9)
def test_gradients_made_from_broken_numbers_are_left_out(device: Device, factor: float, name: str) -> None:
    whole = training(device)
    weights = whole.weights()[name]
    whole.machine.write(name, np.clip(weights * np.float64(factor), -3e38, 3e38).astype(np.float32))
    seen: list[tuple[str, Magnitude]] = []

    def see(probe: Probe) -> None:
        kept = probe.role == "weight gradient" and not any(size.broken for _, size in seen)
        seen.append(("gradient" if kept else "other", magnitude(probe.read(), probe.of)))

    look(whole.machine, whole.batches().feed, first=0, step_number=0, rates=np.full((1, 1), 0.1), see=see)
    again = training(device)
    again.machine.write(name, np.clip(weights * np.float64(factor), -3e38, 3e38).astype(np.float32))
    wanted = [size for kind, size in seen if kind == "gradient"]
    found = again.report_numerics("training").largest_gradient
    assert (found is None) == (not wanted)
    assert found is None or found.comparable == max(size.comparable for size in wanted)
