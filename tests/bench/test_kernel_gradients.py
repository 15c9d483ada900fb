"""Gradients of a device's kernels: right ones agree, wrong ones never."""

from typing import Any

import numpy as np
import pytest

from netspec.bench import kernel_gradients as module
from netspec.bench.kernel_gradients import TOLERANCE, KernelCheck, check_kernels
from netspec.runtime.device import Device, open_device
from netspec.runtime.machine import Machine
from tests.kernels.backends import BACKENDS, opened
from tests.schedule.nets import bundled, experiment

MIXED = """net mixed { input 2x8x8; conv 4 3x3 pad=1; batchnorm; relu; pool max 2x2; conv 4 3x3 nobias; maxout 2
  dropout 0.3; dense 6 tanh; dense 3 }
"""


@pytest.fixture(scope="module", params=BACKENDS, ids=lambda entry: entry.name)
def device(request: pytest.FixtureRequest) -> Device:
    return opened(request.param).device()


def checked(source: str, device: Device, seed: int = 1) -> KernelCheck:
    net = experiment(source)
    return check_kernels(net.graph, net.train.loss, device, images=3, seed=seed)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "squared_error", "hinge"])
def test_gradients_of_every_loss_agree(loss: str, device: Device) -> None:
    found = checked(f"{MIXED}train {{ loss {loss} }}", device)
    assert found.agrees
    assert found.device == device.description
    assert [row.name for row in found.rows][:2] == ["conv1.weight", "conv1.bias"]
    assert {"loss", "correct", "conv1", "maxout1.gradient"} <= {row.name for row in found.rows if not row.is_parameter}
    assert max(row.largest_error for row in found.rows) < TOLERANCE / 10


def test_a_gradient_that_is_zero_but_for_rounding_agrees(device: Device) -> None:
    (shift,) = (row for row in checked(MIXED, device).rows if row.name == "conv1.bias")
    assert shift.agrees


def test_a_vector_is_fed_too(device: Device) -> None:
    found = checked("net t { input 5; dense 4 tanh rate=0; dense 2 }", device)
    assert found.agrees
    moved = [(row.name, row.elements) for row in found.rows if row.is_parameter]
    assert moved == [("dense2.weight", 8), ("dense2.bias", 2)]


def test_a_net_that_learns_nothing_has_no_rows(device: Device) -> None:
    found = checked("net t { input 3; tanh }", device)
    assert found.agrees
    assert found.rows == ()


class Wrong:
    """The CPU, which spoils one entry of an array."""

    def __init__(self, name: str, factor: float) -> None:
        self.name, self.factor = name, factor
        self.device = open_device()
        self.target, self.description = self.device.target, self.device.description

    def machine(self, program: Any) -> Machine:
        machine = self.device.machine(program)
        read = machine.read

        def spoiled(name: str, images: int | None = None) -> Any:
            array = read(name, images)
            if name == self.name:
                array.flat[0] += self.factor * np.abs(array).max()
            return array

        machine.read = spoiled  # pyright: ignore[reportAttributeAccessIssue]
        return machine


def gradient_name(source: str, parameter: str) -> str:
    net = experiment(source)
    made = module.gradients(net.graph, net.train.loss)
    (name,) = (of.name for value, of in made.cotangents.items() if value.name == parameter)
    return name


@pytest.mark.parametrize("factor", [2e-3, 0.5, float("nan"), float("inf")])
def test_one_wrong_entry_of_a_gradient_disagrees(factor: float) -> None:
    wrong = Wrong(gradient_name(MIXED, "dense1.weight"), factor)
    found = checked(MIXED, wrong)  # pyright: ignore[reportArgumentType]
    assert not found.agrees
    assert [row.name for row in found.rows if not row.agrees] == ["dense1.weight"]


def test_a_wrong_array_is_named_and_what_is_made_of_it() -> None:
    found = checked(MIXED, Wrong("conv2", 0.1))  # pyright: ignore[reportArgumentType]
    assert next(row.name for row in found.rows if not row.agrees) == "conv2"


@pytest.mark.slow
def test_a_rectifier_that_chooses_otherwise_in_float32_is_no_mistake() -> None:
    net = bundled("resnet18_cifar")  # by whole gradients, these parameters and images are off by a hundredth
    found = check_kernels(net.graph, net.train.loss, open_device(), images=2, seed=2)
    assert max(row.largest_error for row in found.rows) < TOLERANCE / 10


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("cifar10_quick", "lecture")]


@pytest.mark.parametrize("name", ["lenet", *SLOW])
def test_bundled_specs_agree_on_the_cpu(name: str) -> None:
    net = bundled(name)
    assert check_kernels(net.graph, net.train.loss, open_device(), images=4).agrees
